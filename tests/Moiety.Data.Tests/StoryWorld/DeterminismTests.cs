using System.Security.Cryptography;
using System.Text;

namespace Moiety.Data.Tests.StoryWorld;

/// <summary>The same seed gives the same bytes.</summary>
public sealed class DeterminismTests
{
    [Fact]
    public void The_first_thousand_documents_have_the_bytes_that_the_embedded_model_was_trained_on()
    {
        using MemoryStream bytes = new();
        new StoryWorldGenerator(new StoryWorldOptions { Documents = 1000, Seed = 1, Threads = 1 }).Write(bytes);

        Assert.Equal("d7eeb07d7beaa6ea91214eff2a886e0f66acf5c52c22d2e5facceee3a6984d0b", Convert.ToHexStringLower(SHA256.HashData(bytes.ToArray())));
    }

    [Theory]
    [InlineData(StoryWorldFormat.JsonLines)]
    [InlineData(StoryWorldFormat.Text)]
    public void The_bytes_do_not_depend_on_the_number_of_threads(StoryWorldFormat format)
    {
        byte[][] written = [.. new[] { 1, 2, 5 }.Select(threads =>
        {
            using MemoryStream bytes = new();
            new StoryWorldGenerator(new StoryWorldOptions { SizeInBytes = 700_000, Seed = 9, Threads = threads, Format = format }).Write(bytes);
            return bytes.ToArray();
        })];

        Assert.Equal(written[0], written[1]);
        Assert.Equal(written[0], written[2]);
    }

    [Fact]
    public void A_smaller_corpus_is_the_beginning_of_a_larger_one()
    {
        StoryDocument[] small = StoryWorld.Corpora.Generate(new StoryWorldOptions { Documents = 100, Seed = 4 });
        StoryDocument[] large = StoryWorld.Corpora.Generate(new StoryWorldOptions { Documents = 700, Seed = 4 });

        Assert.Equal(small.Select(document => document.Text), large.Take(100).Select(document => document.Text));
    }

    [Fact]
    public void Other_seeds_give_other_texts()
    {
        HashSet<string> train = [.. StoryWorld.Corpora.OfKind("story", 5000, seed: 1).Select(document => document.Text)];

        int repeated = StoryWorld.Corpora.OfKind("story", 1000, seed: 2).Count(document => train.Contains(document.Text));

        Assert.InRange(repeated, 0, 5);
    }

    [Fact]
    public void A_size_is_reached_by_whole_documents_and_not_more_than_one_beyond()
    {
        StoryDocument[] documents = StoryWorld.Corpora.Generate(new StoryWorldOptions { SizeInBytes = 50_000, Seed = 4 });

        int[] sizes = [.. documents.Select(document => Encoding.UTF8.GetByteCount(document.Text))];

        Assert.True(sizes.Sum() >= 50_000);
        Assert.True(sizes[..^1].Sum() < 50_000);
    }

    [Fact]
    public void Both_formats_read_back_as_the_same_texts()
    {
        using TemporaryFolder folder = new();
        StoryWorldOptions options = new() { Documents = 400, Seed = 5 };
        string json = folder["deep/a.jsonl"];
        string text = folder["a.txt"];
        new StoryWorldGenerator(options).Write(json);
        new StoryWorldGenerator(options with { Format = StoryWorldFormat.Text }).Write(text);

        Assert.Equal(Moiety.Data.Corpora.Corpus.Open(json).ReadTexts(), Moiety.Data.Corpora.Corpus.Open(text).ReadTexts());
        Assert.Equal(400, Moiety.Data.Corpora.Corpus.Open(text).ReadTexts().Count());
    }
}
