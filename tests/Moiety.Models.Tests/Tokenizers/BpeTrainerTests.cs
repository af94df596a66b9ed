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

    private static List<(int, int)> NaiveMerges(string[] corpus, BpeTrainerOptions options)
    {
        ByteLevelBpeTokenizer bytes = BpeTrainer.Train([], options);
        List<string> spellings = [.. Enumerable.Range(0, bytes.VocabularySize).Select(bytes.GetPiece)];
        List<List<int>> words = [];
        foreach (string document in corpus)
        {
            ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(document);
            while (!rest.IsEmpty)
            {
                int length = options.PreTokenizer.NextLength(rest);
                words.Add([.. bytes.EncodeBytes(rest[..length], addSpecialTokens: false)]);
                rest = rest[length..];
            }
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
