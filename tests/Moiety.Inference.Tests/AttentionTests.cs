using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Inference.Tests;

/// <summary>Whatever a model's attention has: the engine computes what the reference computes, however a prompt is cut.</summary>
public class AttentionTests : EngineTestBase
{
    private const int Count = 45;

    public static TheoryData<ulong> Seeds => [.. Enumerable.Range(0, 100).Select(seed => (ulong)seed)];

    [Theory]
    [MemberData(nameof(Seeds))]
    public void Any_combination_equals_the_reference_in_any_steps(ulong seed)
    {
        ModelConfig config = RandomAttention.Draw(seed);
        using RandomCheckpoint checkpoint = new(config, seed);
        using Engine engine = Engine.Open(checkpoint, Exact with { PageSize = 8, Threads = 1 + (int)(seed % 2) });
        int[] tokens = RandomTokens(Count, config, seed);
        float[][] whole = Run(engine, tokens);
        AssertClose(new ReferenceDecoder(checkpoint).Forward(tokens).Logits, whole);
        AssertSameBits(whole, OneByOne(engine, tokens));

        // Two sequences side by side, in chunks, on another number of threads.
        using Engine other = Engine.Open(checkpoint, Exact with { PageSize = 16, Threads = 3 });
        using KvCache cache = other.CreateCache();
        using KvCache neighbor = other.CreateCache();
        Batch batch = new();
        for (int start = 0; start < Count; start += 13)
        {
            int count = Math.Min(13, Count - start);
            batch.Clear();
            batch.Add(neighbor, tokens.AsSpan(Count - 1 - start / 13, 1 + start / 13));
            batch.Add(cache, tokens.AsSpan(start, count), LogitsWanted.All);
            AssertSameBits(whole[start..(start + count)], AllLogits(other.Step(batch), 1, count));
        }
    }

    [Fact]
    public void Layers_of_a_window_read_no_key_outside_of_it()
    {
        // A key outside of the windows of both layers that follow cannot change a token.
        const int Window = 4;
        ModelConfig config = SmallModels.Dense with { LayerAttentions = [.. Enumerable.Repeat(new LayerAttention(Window, SmallModels.Dense.Rotary), 3)] };
        using RandomCheckpoint checkpoint = new(config, 3);
        using Engine engine = Engine.Open(checkpoint, Exact with { PageSize = 8 });
        int[] tokens = RandomTokens(Count, config);
        float[][] expected = Run(engine, tokens);
        tokens[20] = (tokens[20] + 1) % config.VocabularySize;
        float[][] changed = Run(engine, tokens);
        int reach = 3 * (Window - 1);
        AssertSameBits(expected[..20], changed[..20]);
        AssertSameBits(expected[(21 + reach)..], changed[(21 + reach)..]);
        for (int token = 20; token <= 20 + reach; token++)
        {
            Assert.NotEqual(expected[token], changed[token]);
        }
    }

    [Fact]
    public void A_window_counts_along_the_branches_of_a_tree()
    {
        const int Start = 12;
        int[] parents = [-1, 0, 0, 1, -1, 4, 2, 3, 7, 8, 9, 10, 11, 5];
        int Depth(int node) => node < 0 ? 0 : 1 + Depth(parents[node]);
        bool Ancestor(int node, int key) => node >= 0 && (node == key || Ancestor(parents[node], key));
        int Order(int token) => token < Start ? token : Start + Depth(token - Start) - 1;
        ModelConfig config = SmallModels.Dense with { LayerAttentions = [new(4, SmallModels.Dense.Rotary), new(0, SmallModels.Dense.Rotary), new(7, null)] };
        using RandomCheckpoint checkpoint = new(config, 3);
        using Engine engine = Engine.Open(checkpoint, Exact with { PageSize = 8 });
        int[] tokens = RandomTokens(Start + parents.Length, config);
        ReferencePass pass = new()
        {
            Position = Order,
            Order = Order,
            Sees = (query, key) => query < Start || key < Start ? key <= query : Ancestor(query - Start, key - Start),
        };
        double[][] expected = new ReferenceDecoder(checkpoint).Forward(tokens, pass).Logits;
        AssertClose(expected, Run(engine, tokens, new ForwardPlan { Visibility = Visibility.Tree(parents, Start) }));
    }

    [Fact]
    public void Alibi_measures_distances_between_the_plans_positions()
    {
        ModelConfig config = SmallModels.Dense with { Rotary = null, Attention = new() { AlibiMaxBias = 8 } };
        using RandomCheckpoint checkpoint = new(config, 3);
        using Engine engine = Engine.Open(checkpoint, Exact with { PageSize = 8 });
        int[] tokens = RandomTokens(Count, config);
        ReferencePass pass = new() { Position = token => 2 * token % 31 };
        ForwardPlan plan = new() { PositionIds = [.. Enumerable.Range(0, Count).Select(token => 2 * token % 31)] };
        AssertClose(new ReferenceDecoder(checkpoint).Forward(tokens, pass).Logits, Run(engine, tokens, plan));

        // Positions stay with cached keys, in forks too.
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens.AsSpan(0, 20), LogitsWanted.None, plan with { PositionIds = plan.PositionIds[..20] });
        engine.Step(batch);
        using KvCache fork = cache.Fork(13);
        batch.Clear();
        batch.Add(fork, tokens.AsSpan(13), LogitsWanted.All, plan with { PositionIds = plan.PositionIds[13..] });
        AssertSameBits(Run(engine, tokens, plan)[13..], AllLogits(engine.Step(batch), 0, Count - 13));
    }

    [Fact]
    public void Sharing_keys_equals_copying_them_to_all_heads()
    {
        ModelConfig shared = SmallModels.Dense;
        ModelConfig copied = shared with { KeyValueHeadCount = shared.HeadCount };
        using RandomCheckpoint few = new(shared, 3);
        using RandomCheckpoint many = new(copied, 3);
        int group = shared.HeadCount / shared.KeyValueHeadCount;
        for (int layer = 0; layer < shared.LayerCount; layer++)
        {
            foreach (string name in (string[])[TensorNames.Key(layer), TensorNames.Value(layer)])
            {
                float[][] heads = [.. few.Values(name).Chunk(shared.HeadSize * shared.HiddenSize)];
                float[] values = [.. Enumerable.Range(0, shared.HeadCount).SelectMany(head => heads[head / group])];
                many.SetTensor(name, copied.HeadCount * copied.HeadSize, copied.HiddenSize, values);
            }
        }

        using Engine first = Engine.Open(few, Exact);
        using Engine second = Engine.Open(many, Exact);
        int[] tokens = RandomTokens(Count, shared);
        AssertSameBits(Run(first, tokens), Run(second, tokens));
    }

    [Fact]
    public void A_very_high_soft_cap_is_none()
    {
        using RandomCheckpoint plain = new(SmallModels.Dense, 3);
        using RandomCheckpoint capped = new(SmallModels.Dense with { Attention = new() { LogitSoftCap = 1e4f } }, 3);
        using Engine first = Engine.Open(plain, Exact);
        using Engine second = Engine.Open(capped, Exact);
        int[] tokens = RandomTokens(Count, SmallModels.Dense);
        AssertClose([.. Run(first, tokens).Select(row => row.Select(value => (double)value).ToArray())], Run(second, tokens));
    }

    [Fact]
    public void Rotary_scores_depend_on_the_difference_of_positions_only()
    {
        ModelConfig config = SmallModels.Dense;
        using RandomCheckpoint checkpoint = new(config, 3);
        using Engine engine = Engine.Open(checkpoint, Exact);
        int[] tokens = RandomTokens(Count, config);
        double[][] expected = [.. Run(engine, tokens).Select(row => row.Select(value => (double)value).ToArray())];
        float[][] moved = Run(engine, tokens, new ForwardPlan { PositionIds = [.. Enumerable.Range(1000, Count)] });
        AssertClose(expected, moved, 1e-4);
        Assert.NotEqual(expected[^1].Select(value => (float)value), moved[^1]);
    }

    [Theory]
    [InlineData(71, 1, 64, KeyValueFormat.F16)]
    [InlineData(71, 1, 64, KeyValueFormat.Q8_0)]
    [InlineData(6, 2, 80, KeyValueFormat.F16)]
    [InlineData(4, 4, 96, KeyValueFormat.Q8_0)]
    [InlineData(2, 1, 256, KeyValueFormat.F16)]
    [InlineData(3, 3, 36, KeyValueFormat.F16)]
    [InlineData(5, 1, 7, KeyValueFormat.F16)]
    public void Heads_of_any_number_and_size_are_stored(int heads, int keyValueHeads, int headSize, KeyValueFormat format)
    {
        ModelConfig config = SmallModels.Dense with
        {
            HeadCount = heads,
            KeyValueHeadCount = keyValueHeads,
            HeadSize = headSize,
            Rotary = headSize % 2 == 0 ? SmallModels.Dense.Rotary : null,
        };
        using RandomCheckpoint checkpoint = new(config, 3);
        using Engine engine = Engine.Open(checkpoint, Exact with { KeyValueFormat = format, Threads = 2 });
        int[] tokens = RandomTokens(Count, config);
        float[][] whole = Run(engine, tokens);
        AssertClose(new ReferenceDecoder(checkpoint).Forward(tokens).Logits, whole, format == KeyValueFormat.F16 ? 1e-3 : 3e-2);
        AssertSameBits(whole, OneByOne(engine, tokens));
    }

    [Theory]
    [InlineData("F32", KeyValueFormat.F16, 1e-3)]
    [InlineData("F32", KeyValueFormat.Q8_0, 3e-2)]
    [InlineData("F16", KeyValueFormat.F32, 1e-3)]
    [InlineData("Q8_0", KeyValueFormat.F32, 3e-2)]
    [InlineData("Q4_0", KeyValueFormat.F16, 3e-2)]
    public void Latent_vectors_and_their_projections_are_stored_in_any_format(string weights, KeyValueFormat format, double tolerance)
    {
        ModelConfig config = SmallModels.Dense with
        {
            HeadCount = 17,
            HeadSize = 48,
            KeyValueHeadCount = 17,
            Attention = new() { Latent = new() { QueryRank = 0, KeyValueRank = 64, PlainHeadSize = 16, RotaryHeadSize = 32, ValueHeadSize = 32 } },
        };
        using RandomCheckpoint checkpoint = new(config, 3, StorageFormats.ByName(weights));
        using Engine engine = Engine.Open(checkpoint, Exact with { KeyValueFormat = format, Threads = 2 });
        int[] tokens = RandomTokens(Count, config);
        float[][] whole = Run(engine, tokens);
        AssertClose(new ReferenceDecoder(checkpoint).Forward(tokens).Logits, whole, tolerance);
        AssertSameBits(whole, OneByOne(engine, tokens));
    }

    [Fact]
    public void Long_divisors_serve_engines_of_a_long_context()
    {
        FactorRotaryScaling scaling = new()
        {
            Short = [.. Enumerable.Repeat(1f, 16)],
            Long = [.. Enumerable.Range(1, 16).Select(divisor => (float)divisor)],
            OriginalContextLength = 64,
        };
        ModelConfig config = SmallModels.Dense with { Rotary = new() { Theta = 10_000, Scaling = scaling } };
        using RandomCheckpoint checkpoint = new(config, 3);
        int[] tokens = RandomTokens(Count, config);
        foreach (int context in (int[])[64, 65])
        {
            using Engine engine = Engine.Open(checkpoint, Exact with { ContextLength = context });
            AssertClose(new ReferenceDecoder(checkpoint).Forward(tokens, new() { ContextLength = context }).Logits, Run(engine, tokens));
        }
    }

    private static float[][] OneByOne(Engine engine, int[] tokens)
    {
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        float[][] rows = new float[tokens.Length][];
        for (int token = 0; token < tokens.Length; token++)
        {
            batch.Clear();
            batch.Add(cache, [tokens[token]]);
            rows[token] = [.. engine.Step(batch).Logits(0)];
        }

        return rows;
    }
}
