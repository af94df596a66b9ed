using Moiety.Models;
using Moiety.Models.Tokenizers;
using Moiety.Training.Corpora;
using Moiety.Training.Native;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Tests.Corpora;

public class TokenCacheTests
{
    private static readonly ByteLevelBpeTokenizer Tokenizer = BpeTrainer.Train(["one two three four"], new BpeTrainerOptions { VocabularySize = 260 });

    [Fact]
    public void Documents_follow_each_other_with_the_end_token_between()
    {
        using TemporaryFolder folder = new();
        using TokenCache cache = Open(folder, "one two\n<|endoftext|>\nthree\n");
        int end = Tokenizer.EosTokenIds[0];
        int[] tokens = cache.Read(0, (int)cache.Count).ToArray();
        Assert.Equal(2, tokens.Count(token => token == end));
        Assert.Equal(end, tokens[^1]);
        Assert.Equal("one two", Tokenizer.Decode(tokens.AsSpan(0, Array.IndexOf(tokens, end))).Trim());
    }

    [Fact]
    public void A_corpus_is_tokenized_once_and_again_when_it_changes()
    {
        using TemporaryFolder folder = new();
        string first;
        using (TokenCache cache = Open(folder, "one two"))
        {
            first = cache.Key;
        }

        string file = folder[$"cache/{first}.tokens"];
        DateTime written = File.GetLastWriteTimeUtc(file);
        Open(folder, "one two").Dispose();
        Assert.Equal(written, File.GetLastWriteTimeUtc(file));
        using TokenCache other = Open(folder, "one two three");
        Assert.NotEqual(first, other.Key);
    }

    [Fact]
    public void A_truncated_cache_is_made_again()
    {
        using TemporaryFolder folder = new();
        string file;
        int[] tokens;
        using (TokenCache cache = Open(folder, "one two three four"))
        {
            file = folder[$"cache/{cache.Key}.tokens"];
            tokens = cache.Read(0, (int)cache.Count).ToArray();
        }

        File.WriteAllBytes(file, File.ReadAllBytes(file)[..^3]);
        using TokenCache again = Open(folder, "one two three four");
        Assert.Equal(tokens, again.Read(0, (int)again.Count).ToArray());
    }

    [Fact]
    public void Cancelled_tokenization_leaves_no_file()
    {
        using TemporaryFolder folder = new();
        File.WriteAllText(folder["corpus.txt"], "one two");
        Assert.ThrowsAny<OperationCanceledException>(() => TokenCache.Open([folder["corpus.txt"]], Tokenizer, [], folder["cache"], null, new CancellationToken(canceled: true)).Dispose());
        Assert.Empty(Directory.GetFiles(folder["cache"]));
    }

    [Fact]
    public void Every_sequence_comes_once_per_epoch_in_an_order_of_its_own()
    {
        TorchLibrary.EnsureLoaded();
        using TemporaryFolder folder = new();
        using TokenCache cache = Open(folder, string.Join(' ', Enumerable.Range(0, 200)));
        PackedSequences sequences = new(cache, 5, seed: 3, "training");
        Assert.True(sequences.Count > 50);
        string[] first = Epoch(sequences, 0);
        string[] second = Epoch(sequences, 1);
        Assert.Equal(sequences.Count, first.Length);
        Assert.Equal(first.Order(StringComparer.Ordinal), second.Order(StringComparer.Ordinal));
        Assert.NotEqual(first, second);
        Assert.Equal(first, Epoch(new PackedSequences(cache, 5, seed: 3, "training"), 0));
    }

    [Fact]
    public void Labels_are_the_tokens_one_further()
    {
        TorchLibrary.EnsureLoaded();
        using DisposeScope scope = NewDisposeScope();
        using TemporaryFolder folder = new();
        using TokenCache cache = Open(folder, string.Join(' ', Enumerable.Range(0, 40)));
        (Tensor tokens, Tensor labels) = new PackedSequences(cache, 4, seed: 1, "training").Sequential(0, 2);
        Assert.Equal(cache.Read(0, 8).ToArray(), tokens.data<long>().Select(token => (int)token));
        Assert.Equal(cache.Read(1, 8).ToArray(), labels.data<long>().Select(token => (int)token));
    }

    [Fact]
    public void A_corpus_shorter_than_a_sequence_is_refused()
    {
        using TemporaryFolder folder = new();
        using TokenCache cache = Open(folder, "one");
        Assert.Contains("sequence_length", Assert.Throws<InvalidInputException>(() => new PackedSequences(cache, 100, 1, "training")).Message, StringComparison.Ordinal);
    }

    private static TokenCache Open(TemporaryFolder folder, string text)
    {
        File.WriteAllText(folder["corpus.txt"], text);
        return TokenCache.Open([folder["corpus.txt"]], Tokenizer, [1, 2, 3], folder["cache"], null, CancellationToken.None);
    }

    private static string[] Epoch(PackedSequences sequences, int epoch)
    {
        using DisposeScope scope = NewDisposeScope();
        return [.. Enumerable.Range(0, sequences.Count)
            .Select(i => string.Join(',', sequences.Shuffled(((long)epoch * sequences.Count) + i, 1).Tokens.data<long>()))];
    }
}
