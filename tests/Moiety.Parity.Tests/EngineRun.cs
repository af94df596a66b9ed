using System.Numerics.Tensors;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;

namespace Moiety.Parity.Tests;

/// <summary>Runs of the engine in the shape that the oracles have.</summary>
public static class EngineRun
{
    /// <summary>Keys and values in F32, as the oracles keep them.</summary>
    public static EngineOptions Exact(int threads = 1) => new() { Threads = threads, KeyValueFormat = KeyValueFormat.F32, KeyValueMemory = 1 << 28 };

    /// <summary>Logits after every token of a fresh sequence: row i predicts token i + 1.</summary>
    /// <param name="engine">The engine.</param>
    /// <param name="tokens">The sequence.</param>
    /// <param name="chunk">Tokens of one step.</param>
    public static float[][] AllLogits(Engine engine, ReadOnlySpan<int> tokens, int chunk = int.MaxValue)
    {
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        float[][] rows = new float[tokens.Length][];
        for (int start = 0; start < tokens.Length;)
        {
            int count = Math.Min(chunk, tokens.Length - start);
            batch.Clear();
            batch.Add(cache, tokens.Slice(start, count), LogitsWanted.All);
            StepResult result = engine.Step(batch);
            for (int i = 0; i < count; i++)
            {
                rows[start + i] = result.Logits(0, i).ToArray();
            }

            start += count;
        }

        return rows;
    }

    /// <summary>Appends the most likely token, again and again, to a fresh sequence.</summary>
    public static int[] Greedy(Engine engine, ReadOnlySpan<int> prompt, int count, int? stopToken = null)
    {
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, prompt);
        List<int> tokens = [];
        while (true)
        {
            int next = TensorPrimitives.IndexOfMax(engine.Step(batch).Logits(0));
            if (next == stopToken)
            {
                return [.. tokens];
            }

            tokens.Add(next);
            if (tokens.Count == count)
            {
                return [.. tokens];
            }

            batch.Clear();
            batch.Add(cache, [next]);
        }
    }
}
