using CsCheck;
using Moiety.Data.Teachers;
using Moiety.Models;

namespace Moiety.Data.Tests.Teachers;

public class TeacherCacheTests
{
    [Fact]
    public void What_is_kept_are_the_most_likely_tokens_and_the_rest_is_what_is_left() =>
        Gen.Select(Gen.Int[1, 30], Gen.Int[1, 30], Gen.OneOf(Gen.Const(0.5), Gen.Const(1.0), Gen.Const(3.0)), Gen.Int[0, 1000]).Sample((vocabulary, top, temperature, seed) =>
        {
            using TemporaryFolder folder = new();
            const int Length = 3;
            TeacherCacheDescription description = Describe(vocabulary, Math.Min(top, vocabulary), temperature);
            float[][] logits = Logits(seed, description.SequenceCount * Length, vocabulary + 2);
            Write(folder.Path, description, logits);
            using TeacherCache cache = TeacherCache.Open(folder.Path, description);
            for (int row = 0; row < logits.Length; row++)
            {
                TeacherAnswers answers = cache.Read(row / Length);
                double[] right = Softmax(logits[row].Take(vocabulary), temperature);
                int[] ids = new int[description.Top];
                answers.CopyIds(row % Length, ids);
                Assert.Equal(ids.Order().Distinct(), ids);
                Assert.All(ids.Zip(answers.LogProbabilities(row % Length).ToArray()), kept => Assert.Equal(Math.Log(right[kept.First]), kept.Second, 1e-4));
                double[] others = [.. right.Where((_, id) => !ids.Contains(id))];
                Assert.True(others.Length == 0 || others.Max() <= ids.Min(id => right[id]) + 1e-7);
                Assert.Equal(others.Sum(), Math.Exp(answers.LogRemainder(row % Length)), 1e-5);
            }
        }, iter: 100);

    [Fact]
    public void A_large_vocabulary_keeps_its_ids()
    {
        using TemporaryFolder folder = new();
        TeacherCacheDescription description = Describe(70_000, 2, 1);
        float[][] logits = [.. Enumerable.Range(0, description.SequenceCount * description.SequenceLength).Select(_ => new float[70_000])];
        Array.ForEach(logits, row => (row[69_999], row[5]) = (9, 8));
        Write(folder.Path, description, logits);
        using TeacherCache cache = TeacherCache.Open(folder.Path, description);
        int[] ids = new int[2];
        cache.Read(1).CopyIds(2, ids);
        Assert.Equal([5, 69_999], ids);
    }

    [Fact]
    public void A_writer_that_was_stopped_or_torn_goes_on_to_the_same_file()
    {
        using TemporaryFolder folder = new();
        TeacherCacheDescription description = Describe(20, 4, 1) with { SequenceCount = 5 };
        float[][] logits = Logits(1, 15, 20);
        Write(folder["whole"], description, logits);
        using (TeacherCacheWriter first = TeacherCacheWriter.Open(folder["parts"], description))
        {
            Array.ForEach(logits[..10], row => first.Add(row)); // Three sequences and a bit.
        }

        Assert.False(TeacherCache.Exists(folder["parts"], description));
        string partial = Assert.Single(Directory.GetFiles(folder["parts"]));
        using (FileStream torn = File.OpenWrite(partial))
        {
            torn.Position = torn.Length - 20;
            torn.WriteByte(77); // The third one is damaged.
        }

        using (TeacherCacheWriter second = TeacherCacheWriter.Open(folder["parts"], description))
        {
            Assert.Equal(2, second.Next);
            Array.ForEach(logits[6..], row => second.Add(row));
            second.Complete();
        }

        Assert.Equal(File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder["whole"]))), File.ReadAllBytes(Assert.Single(Directory.GetFiles(folder["parts"]))));
    }

    [Fact]
    public void A_damaged_or_missing_file_is_refused()
    {
        using TemporaryFolder folder = new();
        TeacherCacheDescription description = Describe(20, 4, 1);
        Assert.Contains("not there", Refused(folder.Path, description), StringComparison.Ordinal);
        Write(folder.Path, description, Logits(1, 6, 20));
        string path = Assert.Single(Directory.GetFiles(folder.Path));
        byte[] bytes = File.ReadAllBytes(path);
        for (int at = 0; at < bytes.Length; at += 7)
        {
            byte[] damaged = [.. bytes];
            damaged[at] ^= 4;
            File.WriteAllBytes(path, damaged);
            if (at is < 8 or >= 64 || at < 40)
            {
                Assert.Contains("damaged", Refused(folder.Path, description), StringComparison.Ordinal);
            }
        }

        File.WriteAllBytes(path, bytes[..^1]);
        Assert.Contains("damaged", Refused(folder.Path, description), StringComparison.Ordinal);
    }

    [Fact]
    public void Every_part_of_the_description_makes_another_file()
    {
        TeacherCacheDescription one = Describe(20, 4, 1);
        TeacherCacheDescription[] others =
        [
            one, one with { Teacher = "x" }, one with { Tokens = "x" }, one with { SequenceLength = 9 }, one with { SequenceCount = 9 },
            one with { Vocabulary = 21 }, one with { Top = 5 }, one with { Temperature = 2 }, one with { Separator = null },
        ];
        Assert.Equal(others.Length, others.Select(other => other.Key).Distinct().Count());
    }

    [Fact]
    public void Numbers_of_tokens_that_cannot_be_kept_are_refused()
    {
        using TemporaryFolder folder = new();
        Assert.Throws<InvalidInputException>(() => TeacherCacheWriter.Open(folder.Path, Describe(20, 21, 1)));
        Assert.Throws<InvalidInputException>(() => TeacherCacheWriter.Open(folder.Path, Describe(20, 0, 1)));
    }

    private static TeacherCacheDescription Describe(int vocabulary, int top, double temperature) => new("teacher", "tokens", 3, 2, vocabulary, top, temperature, 0);

    private static void Write(string folder, TeacherCacheDescription description, float[][] logits)
    {
        using TeacherCacheWriter writer = TeacherCacheWriter.Open(folder, description);
        Array.ForEach(logits, row => writer.Add(row));
        writer.Complete();
    }

    private static string Refused(string folder, TeacherCacheDescription description) => Assert.ThrowsAny<InvalidInputException>(() =>
    {
        using TeacherCache cache = TeacherCache.Open(folder, description);
        for (int sequence = 0; sequence < description.SequenceCount; sequence++)
        {
            cache.Read(sequence);
        }
    }).Message;

    // Few different values, so that some are equal.
    private static float[][] Logits(int seed, int rows, int columns)
    {
        Random random = new(seed);
        return [.. Enumerable.Range(0, rows).Select(_ => Enumerable.Range(0, columns).Select(_ => random.Next(-8, 8) / 2f).ToArray())];
    }

    private static double[] Softmax(IEnumerable<float> logits, double temperature)
    {
        double[] exponentials = [.. logits.Select(value => Math.Exp(value / temperature))];
        double sum = exponentials.Sum();
        return [.. exponentials.Select(value => value / sum)];
    }
}
