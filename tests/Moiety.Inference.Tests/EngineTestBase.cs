using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>What the engine's tests share: random tokens, whole runs, comparison with the reference.</summary>
public abstract class EngineTestBase
{
    public static TheoryData<string> Models => [.. SmallModels.All.Keys.Order(StringComparer.Ordinal)];

    protected static EngineOptions Exact { get; } = new() { Threads = 1, KeyValueFormat = KeyValueFormat.F32 };

    protected static int[] RandomTokens(int count, ModelConfig config, ulong seed = 1)
    {
        int[] tokens = new int[count];
        for (int index = 0; index < count; index++)
        {
            seed = seed * 6364136223846793005 + 1442695040888963407;
            tokens[index] = (int)((seed >> 33) % (ulong)config.VocabularySize);
        }

        return tokens;
    }

    /// <summary>Runs a fresh sequence in one step and returns the logits of all its tokens.</summary>
    protected static float[][] Run(Engine engine, int[] tokens, ForwardPlan? plan = null)
    {
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens, LogitsWanted.All, plan);
        return AllLogits(engine.Step(batch), 0, tokens.Length);
    }

    protected static float[][] AllLogits(StepResult result, int slice, int count) =>
        [.. Enumerable.Range(0, count).Select(position => result.Logits(slice, position).ToArray())];

    protected static void AssertClose(IReadOnlyList<double[]> expected, IReadOnlyList<float[]> actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.Count, actual.Count);
        for (int row = 0; row < expected.Count; row++)
        {
            AssertClose(expected[row], actual[row], tolerance);
        }
    }

    /// <summary>Compares relative to the range of the expected values.</summary>
    protected static void AssertClose(double[] expected, ReadOnlySpan<float> actual, double tolerance = 1e-5)
    {
        Assert.Equal(expected.Length, actual.Length);
        double range = Math.Max(1, expected.DefaultIfEmpty().Max() - expected.DefaultIfEmpty().Min());
        for (int index = 0; index < expected.Length; index++)
        {
            Assert.True(
                Math.Abs(expected[index] - actual[index]) <= tolerance * range,
                $"At {index}: expected {expected[index]}, got {actual[index]}, range {range}.");
        }
    }

    protected static void AssertSameBits(float[][] expected, float[][] actual)
    {
        Assert.Equal(expected.Length, actual.Length);
        for (int row = 0; row < expected.Length; row++)
        {
            Assert.Equal(expected[row].Select(BitConverter.SingleToInt32Bits), actual[row].Select(BitConverter.SingleToInt32Bits));
        }
    }
}
