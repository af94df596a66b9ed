using System.Collections.Immutable;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>
/// Random architectures, any legal combination of norms, embeddings, heads, feed-forwards and routing: the engine computes what the
/// slow, obvious forward pass computes, with plans too, and the same bits however the tokens were cut, batched and shared out.
/// </summary>
public class ArchitectureTests : EngineTestBase
{
    private const int Length = 21;

    public static TheoryData<int> Seeds => [.. Enumerable.Range(0, 150)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Logits_states_and_routing_equal_the_reference(int seed)
    {
        ModelConfig config = ConfigOf(seed);
        using RandomCheckpoint checkpoint = new(config, (ulong)seed);
        using Engine engine = Engine.Open(checkpoint, Exact);
        int[] tokens = RandomTokens(Length, config, (ulong)seed);
        ForwardPlan plan = Observing(config) with { PositionIds = Positions, TokenTypeIds = TypesOf(config), Schedule = ScheduleOf(config, seed) };
        LayerSchedule schedule = plan.Schedule!;
        ReferenceOutput expected = new ReferenceDecoder(checkpoint).Forward(tokens, new ReferencePass
        {
            Position = token => plan.PositionIds[token],
            TokenType = token => config.TokenTypeCount > 0 ? plan.TokenTypeIds[token] : 0,
            Attends = (layer, token) => schedule[token, layer] is LayerMode.Run or LayerMode.SkipFeedForward,
            FeedsForward = (layer, token) => schedule[token, layer] == LayerMode.Run,
            HasKeyValue = (layer, token) => schedule[token, layer] != LayerMode.Skip,
        });

        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens, config.IsEncoder ? LogitsWanted.None : LogitsWanted.All, plan);
        StepResult result = engine.Step(batch);
        for (int token = 0; token < Length; token++)
        {
            foreach (int layer in plan.RouterDecisions)
            {
                RouterDecision decision = result.Routing(0, layer, token);
                ReferenceRouting routing = expected.Routing[layer][token];
                Assert.Equal(routing.Experts, decision.Experts.ToArray());
                AssertClose(routing.Weights, decision.Weights);
                AssertClose(routing.Scores, decision.Scores);
                AssertClose([0, .. routing.OutputNorms], [0, .. decision.OutputNorms]);
            }

            foreach (int depth in plan.HiddenStates)
            {
                AssertClose(expected.HiddenStates[depth][token], result.HiddenState(0, depth, token));
            }

            if (!config.IsEncoder)
            {
                AssertClose(expected.Logits[token], result.Logits(0, token));
            }
        }
    }

    [Theory]
    [MemberData(nameof(Seeds))]
    public void The_bits_are_the_same_for_any_chunks_batch_and_threads(int seed)
    {
        ModelConfig config = ConfigOf(seed);
        using RandomCheckpoint checkpoint = new(config, (ulong)seed);
        using Engine one = Engine.Open(checkpoint, Exact);
        using Engine three = Engine.Open(checkpoint, Exact with { Threads = 3, PageSize = 8 });
        int[] tokens = RandomTokens(Length, config, (ulong)seed);
        int[] other = RandomTokens(Length, config, (ulong)seed + 1);
        foreach (LayerSchedule? schedule in (LayerSchedule?[])[null, LayersOf(config, seed)])
        {
            float[][] expected = States(one, config, [tokens], Length, schedule)[0];
            foreach (int chunk in config.IsEncoder ? [Length] : (int[])[1, 8, Length])
            {
                AssertSameBits(expected, States(three, config, [tokens], chunk, schedule)[0]);
                AssertSameBits(expected, States(three, config, [other, tokens, other], chunk, schedule)[1]);
            }
        }
    }

    /// <summary>Every third model has more than plain attention.</summary>
    private static ModelConfig ConfigOf(int seed) => seed % 3 == 0 ? RandomConfig.DrawWithAttention((ulong)seed) : RandomConfig.Draw((ulong)seed);

    private static ForwardPlan Observing(ModelConfig config)
    {
        ImmutableArray<int> mixtures = [.. Enumerable.Range(0, config.LayerCount).Where(layer => config.FeedForwards[layer].Moe is not null)];
        return new() { HiddenStates = [.. Enumerable.Range(0, config.LayerCount + 2)], RouterDecisions = mixtures, RouterScores = mixtures, ExpertOutputNorms = mixtures };
    }

    private static ImmutableArray<int> Positions { get; } = [.. Enumerable.Range(0, Length).Select(token => 3 * token % 64)];

    private static ImmutableArray<int> TypesOf(ModelConfig config) =>
        config.TokenTypeCount == 0 ? default : [.. Enumerable.Range(0, Length).Select(token => token / 5 % config.TokenTypeCount)];

    /// <summary>Most tokens run most layers.</summary>
    private static LayerSchedule ScheduleOf(ModelConfig config, int seed) => LayerSchedule.PerToken(
        config.LayerCount,
        [.. RandomTokens(Length * config.LayerCount, config, (ulong)seed + 7).Select(number => number % 3 == 0 ? (LayerMode)(number / 3 % 4) : LayerMode.Run)]);

    /// <summary>A way through the layers for all tokens alike.</summary>
    private static LayerSchedule LayersOf(ModelConfig config, int seed) =>
        LayerSchedule.Uniform([.. Enumerable.Range(0, config.LayerCount).Select(layer => (LayerMode)((seed + layer) % 4))]);

    /// <summary>[sequence][token]: last hidden states of sequences that run side by side in chunks, and logits after them.</summary>
    private static float[][][] States(Engine engine, ModelConfig config, int[][] sequences, int chunk, LayerSchedule? schedule)
    {
        KvCache[] caches = [.. sequences.Select(_ => engine.CreateCache())];
        List<float[]>[] states = [.. sequences.Select(_ => new List<float[]>())];
        ForwardPlan plan = new() { HiddenStates = [config.LayerCount + 1], Schedule = schedule };
        Batch batch = new();
        for (int start = 0; start < Length; start += chunk)
        {
            int count = Math.Min(chunk, Length - start);
            batch.Clear();
            for (int index = 0; index < sequences.Length; index++)
            {
                batch.Add(caches[index], sequences[index].AsSpan(start, count), config.IsEncoder ? LogitsWanted.None : LogitsWanted.All, plan);
            }

            StepResult result = engine.Step(batch);
            for (int index = 0; index < sequences.Length; index++)
            {
                for (int position = 0; position < count; position++)
                {
                    ReadOnlySpan<float> logits = config.IsEncoder ? [] : result.Logits(index, position);
                    states[index].Add([.. result.HiddenState(index, config.LayerCount + 1, position), .. logits]);
                }
            }
        }

        foreach (KvCache cache in caches)
        {
            cache.Dispose();
        }

        return [.. states.Select(rows => rows.ToArray())];
    }
}
