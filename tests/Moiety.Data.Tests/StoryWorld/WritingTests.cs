using System.Text.Json;
using Moiety.Models;

namespace Moiety.Data.Tests.StoryWorld;

/// <summary>How a corpus gets onto the disk.</summary>
public sealed class WritingTests
{
    [Fact]
    public void A_cancelled_corpus_leaves_the_old_file_and_nothing_else()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("a.jsonl", "old"u8);
        using CancellationTokenSource source = new();
        Reporter reporter = new(_ => source.Cancel());
        StoryWorldGenerator generator = new(new StoryWorldOptions { SizeInBytes = 500_000_000 });

        Assert.ThrowsAny<OperationCanceledException>(() => generator.Write(file, reporter, source.Token));

        Assert.Equal(["a.jsonl"], Directory.GetFiles(folder.Path).Select(Path.GetFileName));
        Assert.Equal("old", File.ReadAllText(file));
    }

    [Fact]
    public void Progress_counts_documents_and_text_up_to_the_end()
    {
        List<StoryWorldProgress> reports = [];
        using MemoryStream stream = new();

        StoryWorldProgress end = new StoryWorldGenerator(new StoryWorldOptions { Documents = 900 }).Write(stream, new Reporter(reports.Add));

        Assert.True(end.Documents is 900 or 901, $"{end.Documents} documents");
        Assert.Equal(end, reports[^1]);
        Assert.Equal(reports.OrderBy(report => report.Documents), reports);
    }

    [Fact]
    public void A_full_disk_under_a_stream_is_reported_and_not_swallowed()
    {
        Assert.SkipUnless(Path.Exists("/dev/full"), "/dev/full is absent");
        using FileStream full = new("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 0);

        Assert.ThrowsAny<IOException>(() => new StoryWorldGenerator(new StoryWorldOptions { Documents = 10 }).Write(full));
    }

    [Fact]
    public void A_folder_that_cannot_be_made_is_an_error_of_the_user()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("file", ""u8);

        InvalidInputException error = Assert.Throws<InvalidInputException>(() => new StoryWorldGenerator(new StoryWorldOptions { Documents = 10 }).Write(Path.Combine(file, "a.jsonl")));

        Assert.Contains("a.jsonl", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Every_line_is_a_json_object_that_carries_the_whole_document()
    {
        using MemoryStream stream = new();
        StoryWorldGenerator generator = new(new StoryWorldOptions { Documents = 500, Seed = 6 });
        generator.Write(stream);
        string[] lines = System.Text.Encoding.UTF8.GetString(stream.ToArray()).Split('\n', StringSplitOptions.RemoveEmptyEntries);
        StoryDocument[] documents = [.. generator.Generate()];
        JsonSerializerOptions names = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

        Assert.Equal(documents.Length, lines.Length);
        for (int i = 0; i < lines.Length; i++)
        {
            StoryDocument read = JsonSerializer.Deserialize<StoryDocument>(lines[i], names)!;
            Assert.Equal((documents[i].Id, documents[i].Kind, documents[i].Text, documents[i].Register, documents[i].Language), (read.Id, read.Kind, read.Text, read.Register, read.Language));
            Assert.Equal(documents[i].Events, read.Events);
            Assert.Equal(documents[i].Groups, read.Groups);
            Assert.Equal(documents[i].Translations, read.Translations);
            Assert.Equal(documents[i].Questions.Select(question => (question.Question, question.Answer)), read.Questions.Select(question => (question.Question, question.Answer)));
            Assert.Equal(documents[i].Questions.SelectMany(question => question.Choices), read.Questions.SelectMany(question => question.Choices));
        }
    }

    private sealed class Reporter(Action<StoryWorldProgress> report) : IProgress<StoryWorldProgress>
    {
        public void Report(StoryWorldProgress value) => report(value);
    }
}
