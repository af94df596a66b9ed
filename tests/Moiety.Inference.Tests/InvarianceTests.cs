using CsCheck;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Inference.Tests;

/// <summary>
/// What a model says depends on its tokens alone: not on how they were cut into steps, on what else was in the batch, on threads,
/// pages or shared prefixes. To the last bit.
/// </summary>
public class InvarianceTests : EngineTestBase
{
    private const int SequenceCount = 4;
    private const int Length = 75;

    [Theory]
    [InlineData(nameof(SmallModels.Dense), "F32", KeyValueFormat.F32)]
    [InlineData(nameof(SmallModels.Dense), "Q8_0", KeyValueFormat.F16)]
    [InlineData(nameof(SmallModels.Interleaved), "F16", KeyValueFormat.F16)]
    [InlineData(nameof(SmallModels.Top1), "F32", KeyValueFormat.Q8_0)]
    [InlineData(nameof(SmallModels.Top2Normalized), "Q4_0", KeyValueFormat.F16)]
    [InlineData(nameof(SmallModels.Pyramid), "F32", KeyValueFormat.F32)]
    [InlineData(nameof(SmallModels.Hash), "Q8_0", KeyValueFormat.F32)]
    [InlineData(nameof(SmallModels.Pyramid), "Q8_0", KeyValueFormat.F16)]
    [InlineData(nameof(SmallModels.Pyramid), "BF16", KeyValueFormat.Q8_0)]
    public void Logits_are_the_same_for_any_steps_batch_threads_pages_and_forks(string model, string weights, KeyValueFormat keyValues)
    {
        ModelConfig config = SmallModels.All[model];
        using RandomCheckpoint checkpoint = new(config, 11, StorageFormats.ByName(weights));
        EngineOptions plain = Exact with { KeyValueFormat = keyValues };
        using Engine engine = Engine.Open(checkpoint, plain);
        using Engine two = Engine.Open(checkpoint, plain with { Threads = 2, PageSize = 8 });
        using Engine three = Engine.Open(checkpoint, plain with { Threads = 3, PageSize = 16 });
        int[][] sequences = [.. Enumerable.Range(0, SequenceCount).Select(index => RandomTokens(Length, config, (ulong)index))];
        float[][][] expected = [.. sequences.Select(tokens => Run(engine, tokens))];
        Gen.Select(Gen.Int[0, 2], Gen.ULong).Sample(
            (choice, seed) => RunAnyhow(choice == 0 ? engine : choice == 1 ? two : three, sequences, expected, seed),
            iter: 12, threads: 1);
    }

    [Fact]
    public void Plans_mean_the_same_however_a_prompt_is_cut()
    {
        ModelConfig config = SmallModels.Pyramid;
        using RandomCheckpoint checkpoint = new(config, 11);
        using Engine engine = Engine.Open(checkpoint, Exact with { Threads = 2, PageSize = 8 });
        int[] tokens = RandomTokens(Length, config);
        ForwardPlan[] plans =
        [
            new() { Visibility = Visibility.Sliding(9) },
            new() { Visibility = Visibility.BlockSet(new(3, 20), new(20, 31), new(40, 44)) },
            new() { Visibility = Visibility.Tree([.. Enumerable.Range(0, Length - 10).Select(node => (node - 1) / 2 - (node == 0 ? 1 : 0))], 10) },
            new() { Steering = [new() { KeyStart = 5, KeyEnd = 30, Bias = -2, Layer = 1 }] },
            new() { Schedule = LayerSchedule.Uniform(LayerMode.Run, LayerMode.Skip, LayerMode.SkipFeedForward, LayerMode.Run) },
        ];
        foreach (ForwardPlan plan in plans)
        {
            float[][] expected = Run(engine, tokens, plan);
            foreach (int chunk in (int[])[1, 7, 40])
            {
                using KvCache cache = engine.CreateCache();
                Batch batch = new();
                for (int start = 0; start < Length; start += chunk)
                {
                    int count = Math.Min(chunk, Length - start);
                    batch.Clear();
                    batch.Add(cache, tokens.AsSpan(start, count), LogitsWanted.All, plan);
                    AssertSameBits(expected[start..(start + count)], AllLogits(engine.Step(batch), 0, count));
                }
            }
        }
    }

    [Fact]
    public void An_empty_plan_changes_nothing()
    {
        ModelConfig config = SmallModels.Residual;
        using RandomCheckpoint checkpoint = new(config, 11);
        using Engine engine = Engine.Open(checkpoint, Exact);
        int[] tokens = RandomTokens(Length, config);
        float[][] expected = Run(engine, tokens);
        AssertSameBits(expected, Run(engine, tokens, new ForwardPlan()));
        AssertSameBits(expected, Run(engine, tokens, new ForwardPlan { Schedule = LayerSchedule.Uniform(LayerMode.Run, LayerMode.Run) }));
        AssertSameBits(expected, Run(engine, tokens, new ForwardPlan { PositionIds = [.. Enumerable.Range(0, Length)] }));
    }

    /// <summary>Feeds all sequences in random chunks, side by side, and forks, truncates and drops caches in between.</summary>
    private static void RunAnyhow(Engine engine, int[][] sequences, float[][][] expected, ulong seed)
    {
        uint Next(int bound)
        {
            seed = seed * 6364136223846793005 + 1442695040888963407;
            return (uint)(seed >> 33) % (uint)bound;
        }

        KvCache[] caches = [.. sequences.Select(_ => engine.CreateCache())];
        Batch batch = new();
        List<(int Sequence, int Start, int Count)> added = [];
        while (caches.Any(cache => cache.Length < Length))
        {
            batch.Clear();
            added.Clear();
            for (int sequence = 0; sequence < caches.Length; sequence++)
            {
                KvCache cache = caches[sequence];
                int left = Length - cache.Length;
                if (left == 0)
                {
                    continue;
                }

                if (Next(8) == 0)
                {
                    caches[sequence] = cache.Fork((int)Next(cache.Length + 1));
                    cache.Dispose();
                    continue;
                }

                if (Next(12) == 0)
                {
                    cache.Truncate((int)Next(cache.Length + 1));
                    continue;
                }

                int count = Math.Min(left, Next(2) == 0 ? 1 : 1 + (int)Next(50));
                batch.Add(cache, sequences[sequence].AsSpan(cache.Length, count), LogitsWanted.All);
                added.Add((sequence, cache.Length, count));
            }

            if (batch.Count > 0)
            {
                StepResult result = engine.Step(batch);
                for (int slice = 0; slice < added.Count; slice++)
                {
                    (int sequence, int start, int count) = added[slice];
                    AssertSameBits(expected[sequence][start..(start + count)], AllLogits(result, slice, count));
                }
            }
        }

        foreach (KvCache cache in caches)
        {
            cache.Dispose();
        }

        Assert.Equal(0, engine.Pages.InUse);
    }
}
