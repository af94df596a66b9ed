using Moiety.Decoding.Samplers;
using Moiety.Decoding.Strategies;
using Moiety.Decoding.Tests.Processors;
using Moiety.Inference.KeyValues;

namespace Moiety.Decoding.Tests.Strategies;

/// <summary>The token loop allocates nothing, and a cancelled step can be taken again.</summary>
public class DecodingLoopTests(RandomModelFixture model) : IClassFixture<RandomModelFixture>
{
    [Fact]
    public void Decoding_allocates_no_managed_memory_per_token()
    {
        GenerationOptions options = new()
        {
            MaxTokens = 1000,
            Sampler = new MultinomialSampler(3),
            Processors = ProcessorChains.All(1),
        };
        using KvCache first = model.Engine.CreateCache();
        using KvCache second = model.Engine.CreateCache();
        DecodingStrategy[] strategies = [new SamplingStrategy(first, [1, 2, 3], options, []), new SamplingStrategy(second, [4], options, [], 1)];
        DecodingLoop loop = new(model.Engine);
        for (int warmUp = 0; warmUp < 100; warmUp++)
        {
            loop.Step(strategies);
        }

        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int step = 0; step < 200; step++)
        {
            loop.Step(strategies);
        }

        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
        Assert.Equal(300, strategies[0].Generated.Length);
    }

    [Fact]
    public void A_cancelled_step_changes_nothing()
    {
        GenerationOptions options = new() { MaxTokens = 10 };
        using KvCache interrupted = model.Engine.CreateCache();
        using KvCache whole = model.Engine.CreateCache();
        SamplingStrategy[] strategies = [new(interrupted, [1, 2, 3], options, [])];
        DecodingLoop loop = new(model.Engine);
        loop.Step(strategies);
        Assert.Throws<OperationCanceledException>(() => loop.Step(strategies, new CancellationToken(canceled: true)));
        loop.Run(strategies);
        SamplingStrategy[] uninterrupted = [new(whole, [1, 2, 3], options, [])];
        loop.Run(uninterrupted);
        Assert.Equal(uninterrupted[0].Generated.ToArray(), strategies[0].Generated.ToArray());
    }

    [Fact]
    public void A_prefix_in_the_cache_is_not_computed_again_and_changes_nothing()
    {
        GenerationOptions options = new() { MaxTokens = 20 };
        int[] prompt = [5, 6, 7, 8, 9, 10];
        using KvCache plain = model.Engine.CreateCache();
        SamplingStrategy alone = new(plain, prompt, options, []);
        DecodingLoop loop = new(model.Engine);
        loop.Run([alone]);
        using KvCache prefix = plain.Fork(4);
        SamplingStrategy shared = new(prefix, prompt, options, []);
        loop.Run([shared]);
        Assert.Equal(alone.Generated.ToArray(), shared.Generated.ToArray());
    }
}
