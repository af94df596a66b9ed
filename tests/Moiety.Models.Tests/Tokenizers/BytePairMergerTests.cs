using CsCheck;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class BytePairMergerTests
{
    // Few symbols and few ranks, so that merges compete and ranks are equal. Lengths lie on both sides of where the queue takes over.
    [Fact]
    public void Short_and_long_words_merge_as_the_definition_says()
    {
        Gen<(int Left, int Right, int Rank)[]> merges = Gen.Select(Gen.Int[0, 12], Gen.Int[0, 12], Gen.Int[0, 9]).Array[1, 40];
        Gen.Select(merges, Gen.Int[0, 4].Array[0, 200]).Sample(
            (rules, symbols) =>
            {
                MergeTable table = new(rules.Length);
                Dictionary<(int, int), (int Rank, int Result)> reference = [];
                for (int i = 0; i < rules.Length; i++)
                {
                    // A result of its own for each merge keeps the merging finite.
                    int result = 13 + i;
                    (int left, int right, int rank) = rules[i];
                    table.Add(left, right, rank, result);
                    if (!reference.TryGetValue((left, right), out (int Rank, int Result) other) || rank < other.Rank)
                    {
                        reference[(left, right)] = (rank, result);
                    }
                }

                int[] merged = [.. symbols];
                int count = BytePairMerger.Merge(merged, table);
                Assert.Equal(Merge(symbols, reference), merged[..count]);
            },
            iter: 3000);
    }

    private static List<int> Merge(int[] symbols, Dictionary<(int, int), (int Rank, int Result)> merges)
    {
        List<int> word = [.. symbols];
        while (true)
        {
            int best = -1;
            for (int i = 0; i + 1 < word.Count; i++)
            {
                if (merges.TryGetValue((word[i], word[i + 1]), out (int Rank, int Result) merge)
                    && (best < 0 || merge.Rank < merges[(word[best], word[best + 1])].Rank))
                {
                    best = i;
                }
            }

            if (best < 0)
            {
                return word;
            }

            word[best] = merges[(word[best], word[best + 1])].Result;
            word.RemoveAt(best + 1);
        }
    }
}
