using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models.Adapters;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Inference.Tests;

/// <summary>A decoding loop gives the garbage collector nothing to do. Alone, because the process's total is measured.</summary>
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
[Collection(nameof(AllocationTests))]
public class AllocationTests : EngineTestBase
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Decode_allocates_nothing_after_warm_up(int threads) => Check(SmallModels.Pyramid, StorageFormats.Q8_0, threads);

    [Theory]
    [InlineData(0)]
    [InlineData(16)]
    [InlineData(26)]
    [InlineData(40)]
    public void Decode_allocates_nothing_in_other_architectures(int seed) => Check(
        RandomConfig.Draw((ulong)seed) with { ContextLength = 256, LearnedPositions = 258, PositionOffset = 2, EmbeddingSize = 20, IsEncoder = false }, StorageFormats.F32, threads: 2);

    [Fact]
    public void Decode_allocates_nothing_in_latent_attention() => Check(
        SmallModels.Dense with
        {
            HeadCount = 9,
            KeyValueHeadCount = 9,
            HeadSize = 24,
            LayerAttentions = [new(0, SmallModels.Dense.Rotary), new(20, SmallModels.Dense.Rotary), new(9, null)],
            Attention = new()
            {
                Latent = new() { QueryRank = 32, KeyValueRank = 32, PlainHeadSize = 16, RotaryHeadSize = 8, ValueHeadSize = 12 },
                Sinks = true,
                AlibiMaxBias = 8,
                LogitSoftCap = 10,
            },
        }, StorageFormats.F32, threads: 2);

    [Fact]
    public void Decode_allocates_nothing_in_models_like_gpt2() => Check(
        SmallModels.Dense with
        {
            Norm = NormKind.Layer,
            Rotary = null,
            LearnedPositions = 256,
            TieWordEmbeddings = true,
            KeyValueHeadCount = 4,
            Attention = new() { QueryKeyValueBias = true, OutputBias = true },
            FeedForwards = [.. SmallModels.Dense.FeedForwards.Select(layer => layer with { Activation = Activation.GeluTanh, Bias = true })],
        }, StorageFormats.F16, threads: 2);

    [Fact]
    public void Decode_allocates_nothing_in_models_like_gemma_2() => Check(
        SmallModels.Dense with
        {
            NormPlacement = NormPlacement.Sandwich,
            EmbeddingScale = 8,
            LogitSoftCap = 30,
            LayerAttentions = [new(24, SmallModels.Dense.Rotary), new(0, SmallModels.Dense.Rotary), new(24, SmallModels.Dense.Rotary)],
            Attention = new() { LogitSoftCap = 50, QueryKeyNorm = QueryKeyNorm.PerHead },
            FeedForwards = [.. SmallModels.Dense.FeedForwards.Select(layer => layer with { Activation = Activation.GeluTanhGated })],
        }, StorageFormats.Q8_0, threads: 2);

    [Fact]
    public void Decode_allocates_nothing_in_models_like_deepseek_v3() => Check(
        SmallModels.Dense with
        {
            KeyValueHeadCount = 4,
            HeadSize = 24,
            Attention = new() { Latent = new() { QueryRank = 32, KeyValueRank = 32, PlainHeadSize = 16, RotaryHeadSize = 8, ValueHeadSize = 16 } },
            FeedForwards =
            [
                SmallModels.Dense.FeedForwards[0],
                .. Enumerable.Repeat(
                    new FeedForwardConfig
                    {
                        IntermediateSize = 0,
                        Moe = new()
                        {
                            ExpertCount = 8,
                            TopK = 3,
                            ExpertIntermediateSize = 32,
                            NormalizeTopK = true,
                            Gating = GatingKind.Sigmoid,
                            SelectionBias = true,
                            GroupScore = GroupScore.BestTwo,
                            GroupCount = 4,
                            GroupTopK = 2,
                            WeightScale = 2.5f,
                            SharedIntermediateSize = 32,
                        },
                    },
                    2),
            ],
        }, StorageFormats.Q8_0, threads: 2);

    [Fact]
    public void Decode_allocates_nothing_in_models_like_gpt_oss() => Check(
        SmallModels.Dense with
        {
            Rotary = new() { Theta = 150_000, Scaling = new YarnRotaryScaling(32, 64) { Truncate = false } },
            LayerAttentions = [new(16, SmallModels.Dense.Rotary), new(0, SmallModels.Dense.Rotary), new(16, SmallModels.Dense.Rotary)],
            Attention = new() { Sinks = true, QueryKeyValueBias = true, OutputBias = true },
            FeedForwards =
            [
                .. Enumerable.Repeat(
                    new FeedForwardConfig
                    {
                        IntermediateSize = 0,
                        Activation = Activation.ClampedSiluGated,
                        Moe = new() { ExpertCount = 6, TopK = 2, ExpertIntermediateSize = 32, NormalizeTopK = true, RouterBias = true, ExpertBias = true },
                    },
                    3),
            ],
        }, StorageFormats.MXFP4, threads: 2);

    [Fact]
    public void Decode_allocates_nothing_with_an_adapter()
    {
        ModelConfig config = SmallModels.Dense;
        using TemporaryFolder folder = new();
        AdapterFiles files = new(3);
        for (int layer = 0; layer < config.LayerCount; layer++)
        {
            files.Add($"model.layers.{layer}.self_attn.q_proj", config.HeadCount * config.HeadSize, config.HiddenSize, 4);
            files.Add($"model.layers.{layer}.mlp.down_proj", config.HiddenSize, config.FeedForwards[layer].IntermediateSize, 4);
        }

        files.WritePeft(folder["adapter"]);
        using RandomCheckpoint checkpoint = new(config, 5, StorageFormats.Q8_0);
        LoraAdapter adapter = LoraAdapter.Open(folder["adapter"], checkpoint);
        Check(checkpoint, threads: 2, new ForwardPlan { Adapter = adapter });
    }

    private static void Check(ModelConfig config, StorageFormat format, int threads)
    {
        using RandomCheckpoint checkpoint = new(config, 5, format);
        Check(checkpoint, threads, plan: null);
    }

    private static void Check(RandomCheckpoint checkpoint, int threads, ForwardPlan? plan)
    {
        using Engine engine = Engine.Open(checkpoint, new() { Threads = threads, PageSize = 8, KeyValueMemory = 1 << 24 });
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        int token = Decode(engine, cache, batch, plan, 1, 120);

        // The test runner's own threads may allocate meanwhile: several rounds, of which one must be clean.
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long mine = GC.GetAllocatedBytesForCurrentThread();
            long all = GC.GetTotalAllocatedBytes(precise: true);
            token = Decode(engine, cache, batch, plan, token, 20);
            all = GC.GetTotalAllocatedBytes(precise: true) - all;
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - mine);
            least = Math.Min(least, all);
        }

        Assert.Equal(0, least);
    }

    private static int Decode(Engine engine, KvCache cache, Batch batch, ForwardPlan? plan, int token, int count)
    {
        for (int index = 0; index < count; index++)
        {
            batch.Clear();
            batch.Add(cache, [token], LogitsWanted.Last, plan);
            ReadOnlySpan<float> logits = engine.Step(batch).Logits(0);
            token = 0;
            for (int word = 1; word < logits.Length; word++)
            {
                token = logits[word] > logits[token] ? word : token;
            }
        }

        return token;
    }
}
