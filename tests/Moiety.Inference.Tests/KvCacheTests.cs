using CsCheck;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>Caches share pages, copy them on write, give them back, and refuse what does not fit before anything is computed.</summary>
public class KvCacheTests : EngineTestBase
{
    private static ModelConfig Config => SmallModels.Top2;

    [Fact]
    public void Forks_that_diverge_do_not_disturb_each_other_and_pages_are_counted()
    {
        using RandomCheckpoint checkpoint = new(Config, 5);
        using Engine engine = Engine.Open(checkpoint, Exact with { PageSize = 8 });
        using Engine fresh = Engine.Open(checkpoint, Exact);
        Gen.ULong.Sample(seed => LiveAnyhow(engine, fresh, seed), iter: 20, threads: 1);
    }

    [Fact]
    public void A_fork_shares_the_pages_of_its_prefix_until_it_writes()
    {
        using RandomCheckpoint checkpoint = new(Config, 5);
        using Engine engine = Engine.Open(checkpoint, Exact with { PageSize = 8 });
        using KvCache cache = engine.CreateCache();
        Feed(engine, cache, RandomTokens(20, Config));
        Assert.Equal(3, engine.Pages.InUse);
        using KvCache whole = cache.Fork();
        using KvCache half = cache.Fork(8);
        Assert.Equal(3, engine.Pages.InUse);
        Feed(engine, half, [1]);
        Assert.Equal(4, engine.Pages.InUse);
        Feed(engine, whole, [1]);
        Assert.Equal(5, engine.Pages.InUse);
        Feed(engine, cache, [2]);
        Assert.Equal(5, engine.Pages.InUse);
        cache.Truncate(4);
        Assert.Equal(4, engine.Pages.InUse);
        whole.Dispose();
        Assert.Equal(2, engine.Pages.InUse);
    }

    [Fact]
    public void Context_overflow_is_an_error_with_the_numbers_and_changes_nothing()
    {
        using RandomCheckpoint checkpoint = new(Config, 5);
        using Engine engine = Engine.Open(checkpoint, Exact with { ContextLength = 20 });
        using KvCache cache = engine.CreateCache();
        using KvCache other = engine.CreateCache();
        Feed(engine, cache, RandomTokens(15, Config));
        Batch batch = new();
        batch.Add(other, [1, 2, 3]);
        batch.Add(cache, RandomTokens(6, Config));
        ContextOverflowException error = Assert.Throws<ContextOverflowException>(() => engine.Step(batch));
        Assert.Equal((15, 6, 20), (error.Cached, error.Added, error.ContextLength));
        Assert.Contains("21", error.Message, StringComparison.Ordinal);
        Assert.Equal((15, 0), (cache.Length, other.Length));
        Assert.Equal(1, engine.Pages.InUse);
        Feed(engine, cache, RandomTokens(5, Config));
        Assert.Equal(20, cache.Length);
    }

    [Fact]
    public void Running_out_of_pages_is_an_error_with_the_numbers_and_changes_nothing()
    {
        using RandomCheckpoint checkpoint = new(Config, 5);
        long pageBytes;
        using (Engine probe = Engine.Open(checkpoint, Exact with { PageSize = 8 }))
        {
            pageBytes = probe.Pages.PageBytes;
        }

        using Engine engine = Engine.Open(checkpoint, Exact with { PageSize = 8, KeyValueMemory = 3 * pageBytes + 1 });
        using KvCache first = engine.CreateCache();
        using KvCache second = engine.CreateCache();
        Feed(engine, first, RandomTokens(16, Config));
        Batch batch = new();
        batch.Add(first, [1]);
        batch.Add(second, [1]);
        KvMemoryExhaustedException error = Assert.Throws<KvMemoryExhaustedException>(() => engine.Step(batch));
        Assert.Equal((2, 1, 3), (error.Needed, error.Available, error.Capacity));
        Assert.Equal((16, 0, 2), (first.Length, second.Length, engine.Pages.InUse));
        first.Truncate(8);
        engine.Step(batch);
        Assert.Equal((9, 1, 3), (first.Length, second.Length, engine.Pages.InUse));
    }

    [Fact]
    public void Disposed_caches_and_lengths_out_of_range_are_refused()
    {
        using RandomCheckpoint checkpoint = new(Config, 5);
        Engine engine = Engine.Open(checkpoint, Exact);
        KvCache cache = engine.CreateCache();
        Feed(engine, cache, [1, 2]);
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Fork(3));
        Assert.Throws<ArgumentOutOfRangeException>(() => cache.Truncate(-1));
        KvCache survivor = cache.Fork();
        cache.Dispose();
        cache.Dispose();
        Assert.Throws<ObjectDisposedException>(() => cache.Fork());
        Assert.Throws<ObjectDisposedException>(() => Feed(engine, cache, [1]));
        engine.Dispose();
        Assert.Throws<ObjectDisposedException>(() => Feed(engine, survivor, [1]));
        Assert.Throws<ObjectDisposedException>(engine.CreateCache);
        survivor.Dispose();
    }

    private static void Feed(Engine engine, KvCache cache, int[] tokens)
    {
        Batch batch = new();
        batch.Add(cache, tokens);
        engine.Step(batch);
    }

    private static void LiveAnyhow(Engine engine, Engine fresh, ulong seed)
    {
        int Next(int bound)
        {
            seed = seed * 6364136223846793005 + 1442695040888963407;
            return (int)((uint)(seed >> 33) % (uint)bound);
        }

        List<(KvCache Cache, List<int> Tokens)> live = [(engine.CreateCache(), [])];
        for (int turn = 0; turn < 40; turn++)
        {
            int index = Next(live.Count);
            (KvCache cache, List<int> tokens) = live[index];
            switch (Next(5))
            {
                case 0 when live.Count < 6:
                    int length = Next(cache.Length + 1);
                    live.Add((cache.Fork(length), tokens[..length]));
                    break;
                case 1:
                    int kept = Next(cache.Length + 1);
                    cache.Truncate(kept);
                    tokens.RemoveRange(kept, tokens.Count - kept);
                    break;
                case 2 when live.Count > 1:
                    cache.Dispose();
                    live.RemoveAt(index);
                    break;
                default:
                    int[] added = [.. Enumerable.Range(0, 1 + Next(12)).Select(_ => Next(Config.VocabularySize))];
                    Feed(engine, cache, added);
                    tokens.AddRange(added);
                    break;
            }

            AssertCounted(engine, live.Select(entry => entry.Cache));
        }

        foreach ((KvCache cache, List<int> tokens) in live)
        {
            Batch batch = new();
            batch.Add(cache, [3]);
            AssertSameBits([Run(fresh, [.. tokens, 3])[^1]], [engine.Step(batch).Logits(0).ToArray()]);
            cache.Dispose();
        }

        Assert.Equal(0, engine.Pages.InUse);
    }

    /// <summary>Each page's count is the number of caches that hold it, and pages in use are those that some cache holds.</summary>
    private static void AssertCounted(Engine engine, IEnumerable<KvCache> caches)
    {
        Dictionary<int, int> holders = [];
        foreach (KvCache cache in caches)
        {
            Assert.Equal((cache.Length + engine.Pages.PageSize - 1) / engine.Pages.PageSize, cache.PageCount);
            for (int index = 0; index < cache.PageCount; index++)
            {
                int page = cache.PageId(index);
                holders[page] = holders.GetValueOrDefault(page) + 1;
            }
        }

        Assert.Equal(holders.Count, engine.Pages.InUse);
        Assert.All(holders, holder => Assert.Equal(holder.Value, engine.Pages.ReferencesOf(holder.Key)));
    }
}
