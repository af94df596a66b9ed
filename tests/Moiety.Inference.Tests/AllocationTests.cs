using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
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

    private static void Check(ModelConfig config, StorageFormat format, int threads)
    {
        using RandomCheckpoint checkpoint = new(config, 5, format);
        using Engine engine = Engine.Open(checkpoint, new() { Threads = threads, PageSize = 8, KeyValueMemory = 1 << 24 });
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        int token = Decode(engine, cache, batch, 1, 120);

        // The test runner's own threads may allocate meanwhile: several rounds, of which one must be clean.
        long least = long.MaxValue;
        for (int round = 0; round < 5; round++)
        {
            long mine = GC.GetAllocatedBytesForCurrentThread();
            long all = GC.GetTotalAllocatedBytes(precise: true);
            token = Decode(engine, cache, batch, token, 20);
            all = GC.GetTotalAllocatedBytes(precise: true) - all;
            Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - mine);
            least = Math.Min(least, all);
        }

        Assert.Equal(0, least);
    }

    private static int Decode(Engine engine, KvCache cache, Batch batch, int token, int count)
    {
        for (int index = 0; index < count; index++)
        {
            batch.Clear();
            batch.Add(cache, [token]);
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
