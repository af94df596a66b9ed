using System.Text;
using CsCheck;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class BpeTrainerTests
{
    private static readonly Gen<string[]> Corpora = Gen.String[Gen.Char["aab  c'd1é\n"], 0, 40].Array[1, 12];

    [Fact]
    public void Merges_are_those_of_a_trainer_that_counts_everything_again_each_time() => Corpora.Sample(
        corpus =>
        {
            BpeTrainerOptions options = new() { VocabularySize = 300, MinFrequency = 1 };
            ByteLevelBpeTokenizer trained = BpeTrainer.Train(corpus, options);
            List<(int, int)> expected = NaiveMerges(corpus, options);
            Assert.Equal(expected, trained.Merges.Select(merge => (merge.Left, merge.Right)));
        },
        iter: 300);

    [Fact]
    public void The_same_corpus_gives_the_same_file()
    {
        string[] corpus = [.. Enumerable.Range(0, 300).Select(i => $"number {i * i} and {i % 7} birds; the bird's nest")];
        BpeTrainerOptions options = new() { VocabularySize = 400, SpecialTokens = ["<|endoftext|>", "<|user|>"] };
        Assert.Equal(TokenizerJson.Write(BpeTrainer.Train(corpus, options)), TokenizerJson.Write(BpeTrainer.Train(corpus, options)));
    }

    [Fact]
    public void Special_tokens_come_first_then_the_bytes_in_the_order_of_Gpt2()
    {
        BpeTrainerOptions options = new() { VocabularySize = 300, SpecialTokens = ["<|endoftext|>", "<|user|>"] };
        ByteLevelBpeTokenizer trained = BpeTrainer.Train(["a"], options);
        Assert.Equal(258, trained.VocabularySize);
        Assert.Equal(["<|endoftext|>", "<|user|>", "!", "\""], Enumerable.Range(0, 4).Select(trained.GetPiece));
        Assert.Equal(0, trained.BosTokenId);
        Assert.Equal([0], trained.EosTokenIds);
        Assert.Equal(256, Enumerable.Range(2, 256).Select(id => trained.GetBytes(id)[0]).Distinct().Count());
    }

    [Fact]
    public void Pairs_that_are_too_rare_are_not_merged()
    {
        string[] corpus = ["ab ab ab", "cd cd"];
        Assert.Contains("ab", Pieces(3));
        Assert.DoesNotContain("cd", Pieces(3));
        Assert.Contains("cd", Pieces(2));

        IEnumerable<string> Pieces(int frequency)
        {
            ByteLevelBpeTokenizer trained = BpeTrainer.Train(corpus, new BpeTrainerOptions { VocabularySize = 400, MinFrequency = frequency });
            return Enumerable.Range(0, trained.VocabularySize).Select(trained.GetPiece);
        }
    }

    [Fact]
    public void Words_of_a_million_letters_do_not_stop_it()
    {
        string text = string.Concat(Enumerable.Range(0, 1_000_000).Select(i => (char)('a' + (i * i % 26))));
        ByteLevelBpeTokenizer trained = BpeTrainer.Train([text], new BpeTrainerOptions { VocabularySize = 1000 });
        Assert.Equal(text, trained.Decode(trained.Encode(text)));
    }

    [Fact]
    public void Cancellation_stops_it_between_documents()
    {
        using CancellationTokenSource source = new();
        Assert.Throws<OperationCanceledException>(() => BpeTrainer.Train(Documents(), new BpeTrainerOptions { VocabularySize = 300 }, null, source.Token));

        IEnumerable<string> Documents()
        {
            yield return "one";
            source.Cancel();
            yield return "two";
            Assert.Fail("The document after the cancellation was asked for.");
        }
    }

    [Fact]
    public void Impossible_options_are_refused()
    {
        Assert.Throws<InvalidInputException>(() => BpeTrainer.Train([], new BpeTrainerOptions { VocabularySize = 256 }));
        Assert.Throws<InvalidInputException>(() => BpeTrainer.Train([], new BpeTrainerOptions { VocabularySize = int.MaxValue }));
        Assert.Throws<InvalidInputException>(() => BpeTrainer.Train([], new BpeTrainerOptions { VocabularySize = 300, SpecialTokens = ["x", "x"] }));
        Assert.Throws<InvalidInputException>(() => BpeTrainer.Train([], new BpeTrainerOptions { VocabularySize = 300, SpecialTokens = [""] }));
    }

    private static List<(int, int)> NaiveMerges(string[] corpus, BpeTrainerOptions options)
    {
        ByteLevelBpeTokenizer bytes = BpeTrainer.Train([], options);
        List<string> spellings = [.. Enumerable.Range(0, bytes.VocabularySize).Select(bytes.GetPiece)];
        List<List<int>> words = [];
        foreach (string document in corpus)
        {
            words.AddRange(Words.Of(options.PreTokenizer, document)
                .Select(word => bytes.EncodeBytes(Encoding.Latin1.GetBytes(word), addSpecialTokens: false).ToList()));
        }

        List<(int, int)> merges = [];
        while (spellings.Count < options.VocabularySize)
        {
            var best = words.SelectMany(word => word.Zip(word.Skip(1))).GroupBy(pair => pair)
                .OrderByDescending(group => group.Count()).ThenBy(group => group.Key.First).ThenBy(group => group.Key.Second)
                .FirstOrDefault();
            if (best is null || best.Count() < options.MinFrequency)
            {
                break;
            }

            string spelling = spellings[best.Key.First] + spellings[best.Key.Second];
            int result = spellings.IndexOf(spelling);
            if (result < 0)
            {
                result = spellings.Count;
                spellings.Add(spelling);
            }

            merges.Add(best.Key);
            foreach (List<int> word in words)
            {
                for (int i = 0; i + 1 < word.Count; i++)
                {
                    if ((word[i], word[i + 1]) == best.Key)
                    {
                        word[i] = result;
                        word.RemoveAt(i + 1);
                    }
                }
            }
        }

        return merges;
    }
}
