using Moiety.Inference.KeyValues;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>Bad models, options, tokens and batches give clear errors; a step that fails leaves every cache as it was.</summary>
public class StepErrorTests : EngineTestBase
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Router_logits_that_are_not_finite_name_layer_and_token_and_the_cache_can_go_on(int threads)
    {
        const int Poison = 100;
        ModelConfig config = SmallModels.Pyramid;
        using RandomCheckpoint checkpoint = new(config, 5);
        int[] tokens = [.. RandomTokens(20, config).Select(token => token % Poison)];
        using Engine engine = Engine.Open(checkpoint, Exact with { Threads = threads });
        float[][] expected = Run(engine, tokens);

        float[] embedding = checkpoint.Values(TensorNames.Embedding);
        embedding.AsSpan(Poison * config.HiddenSize, config.HiddenSize).Fill(float.NaN);
        checkpoint.SetTensor(TensorNames.Embedding, config.VocabularySize, config.HiddenSize, embedding);
        using Engine poisoned = Engine.Open(checkpoint, Exact with { Threads = threads });
        using KvCache cache = poisoned.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens.AsSpan(0, 10), LogitsWanted.None);
        poisoned.Step(batch);
        batch.Clear();
        batch.Add(cache, [1, 2, Poison, 3]);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => poisoned.Step(batch));
        Assert.Contains("Layer 1:", error.Message, StringComparison.Ordinal);
        Assert.Contains("token 12 ", error.Message, StringComparison.Ordinal);
        Assert.Equal(10, cache.Length);
        Assert.Equal(1, poisoned.Pages.InUse);
        batch.Clear();
        batch.Add(cache, tokens.AsSpan(10), LogitsWanted.None);
        poisoned.Step(batch);
        Assert.Equal(20, cache.Length);

        // Logits of the tied head hold NaN for the poisoned word: compare the others.
        cache.Truncate(19);
        batch.Clear();
        batch.Add(cache, tokens.AsSpan(19));
        AssertSameBits([expected[19][..Poison]], [poisoned.Step(batch).Logits(0)[..Poison].ToArray()]);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void A_canceled_step_leaves_the_caches_and_the_engine_usable(int threads)
    {
        ModelConfig config = SmallModels.Pyramid;
        using RandomCheckpoint checkpoint = new(config, 5);
        using Engine engine = Engine.Open(checkpoint, Exact with { Threads = threads });
        int[] tokens = RandomTokens(20, config);
        float[][] expected = Run(engine, tokens);
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens.AsSpan(0, 10), LogitsWanted.None);
        StepResult result = engine.Step(batch);
        batch.Clear();
        batch.Add(cache, tokens.AsSpan(10), LogitsWanted.All);
        OperationCanceledException error = Assert.Throws<OperationCanceledException>(() => engine.Step(batch, new CancellationToken(canceled: true)));
        Assert.True(error.CancellationToken.IsCancellationRequested);
        Assert.Equal((10, 1, 0), (cache.Length, engine.Pages.InUse, result.SliceCount));
        AssertSameBits(expected[10..], AllLogits(engine.Step(batch), 0, 10));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(101)]
    public void A_token_outside_the_vocabulary_is_refused(int token)
    {
        using RandomCheckpoint checkpoint = new(SmallModels.Dense, 5);
        using Engine engine = Engine.Open(checkpoint, Exact);
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, [1, token]);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => engine.Step(batch));
        Assert.Contains($"id {token}, ", error.Message, StringComparison.Ordinal);
        Assert.Contains("0 to 100", error.Message, StringComparison.Ordinal);
        Assert.Equal(0, cache.Length);
    }

    [Fact]
    public void Batches_that_make_no_sense_are_refused()
    {
        using RandomCheckpoint checkpoint = new(SmallModels.Dense, 5);
        using Engine engine = Engine.Open(checkpoint, Exact);
        using Engine other = Engine.Open(checkpoint, Exact);
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        Assert.Throws<ArgumentException>(() => engine.Step(batch));
        Assert.Throws<ArgumentException>(() => batch.Add(cache, []));
        batch.Add(cache, [1]);
        Assert.Throws<ArgumentException>(() => other.Step(batch));
        batch.Add(cache, [2]);
        Assert.Throws<ArgumentException>(() => engine.Step(batch));
        Assert.Equal(0, cache.Length);
    }

    [Fact]
    public void Missing_misshapen_and_damaged_tensors_are_named_on_opening()
    {
        ModelConfig config = SmallModels.Pyramid;
        using RandomCheckpoint checkpoint = new(config, 5);
        string expert = TensorNames.ExpertUp(2, 3);
        float[] values = checkpoint.Values(expert);
        checkpoint.SetTensor(expert, config.HiddenSize, 32, values);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Engine.Open(checkpoint, Exact));
        Assert.Equal(expert, error.Field);
        Assert.Contains("[64, 32]", error.Message, StringComparison.Ordinal);
        Assert.Contains("[32, 64]", error.Message, StringComparison.Ordinal);

        values[5] = float.NaN;
        checkpoint.SetTensor(expert, 32, config.HiddenSize, values);
        Engine.Open(checkpoint, Exact).Dispose();
        Assert.Equal(expert, Assert.Throws<InvalidCheckpointException>(() => Engine.Open(checkpoint, Exact with { VerifyWeights = true })).Field);

        checkpoint.RemoveTensor(expert);
        Assert.Equal(expert, Assert.Throws<InvalidCheckpointException>(() => Engine.Open(checkpoint, Exact)).Field);
    }

    public static TheoryData<EngineOptions> BadOptions =>
    [
        new EngineOptions { Threads = -1 },
        new EngineOptions { PageSize = 12 },
        new EngineOptions { PageSize = 128 },
        new EngineOptions { ContextLength = 0 },
        new EngineOptions { KeyValueMemory = -5 },
        new EngineOptions { KeyValueFormat = (KeyValueFormat)9 },
    ];

    [Theory]
    [MemberData(nameof(BadOptions))]
    public void Options_out_of_range_are_refused(EngineOptions options)
    {
        using RandomCheckpoint checkpoint = new(SmallModels.Dense, 5);
        Assert.Throws<InvalidInputException>(() => Engine.Open(checkpoint, options));
    }

    [Fact]
    public void Heads_that_do_not_fill_quantized_blocks_are_refused()
    {
        using RandomCheckpoint checkpoint = new(SmallModels.Interleaved, 5);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Engine.Open(checkpoint, new() { KeyValueFormat = KeyValueFormat.Q8_0 }));
        Assert.Contains("F16", error.Message, StringComparison.Ordinal);
    }
}
