using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Numerics.Formats;

namespace Moiety.Inference.Tests;

/// <summary>Learned positions, token types, encoders and storage formats: what fits, what is refused, and what an error says.</summary>
public class EmbeddingTests : EngineTestBase
{
    private static ModelConfig Positioned { get; } = SmallModels.Dense with { ContextLength = 30, LearnedPositions = 32, PositionOffset = 2, TokenTypeCount = 2 };

    [Theory]
    [InlineData(29, 1, null)]
    [InlineData(30, 1, "30 is not below the model's 30 learned positions")]
    [InlineData(-1, 1, "-1 is negative")]
    [InlineData(0, 2, "2 is not one of the 2 token types")]
    [InlineData(0, -1, "-1 is not one of the 2 token types")]
    public void Positions_and_types_outside_their_tables_are_refused_before_any_work(int position, int type, string? reason)
    {
        using RandomCheckpoint checkpoint = new(Positioned, 3);
        using Engine engine = Engine.Open(checkpoint, Exact);
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, [1, 2], plan: new ForwardPlan { PositionIds = [0, position], TokenTypeIds = [0, type] });
        if (reason is null)
        {
            engine.Step(batch);
            return;
        }

        Assert.Contains(reason, Assert.Throws<InvalidInputException>(() => engine.Step(batch)).Message, StringComparison.Ordinal);
        Assert.Equal((0, 0), (cache.Length, engine.Pages.InUse));
    }

    [Fact]
    public void Token_types_of_the_wrong_number_or_of_a_model_without_them_are_refused()
    {
        using RandomCheckpoint checkpoint = new(Positioned, 3);
        using RandomCheckpoint plain = new(SmallModels.Dense, 3);
        foreach ((RandomCheckpoint model, int[] types, string reason) in ((RandomCheckpoint, int[], string)[])
            [(checkpoint, [0], "1 entries for 2 tokens"), (plain, [0, 0], "the model has no token types")])
        {
            using Engine engine = Engine.Open(model, Exact);
            using KvCache cache = engine.CreateCache();
            Batch batch = new();
            batch.Add(cache, [1, 2], plan: new ForwardPlan { TokenTypeIds = [.. types] });
            Assert.Contains(reason, Assert.Throws<InvalidInputException>(() => engine.Step(batch)).Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void A_context_beyond_the_learned_positions_is_refused()
    {
        using RandomCheckpoint checkpoint = new(Positioned, 3);
        Engine.Open(checkpoint, Exact with { ContextLength = 30 }).Dispose();
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Engine.Open(checkpoint, Exact with { ContextLength = 31 }));
        Assert.Contains("30 positions", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Tokens_without_types_have_type_0()
    {
        using RandomCheckpoint checkpoint = new(Positioned, 3);
        using Engine engine = Engine.Open(checkpoint, Exact);
        int[] tokens = RandomTokens(9, Positioned);
        float[][] expected = Run(engine, tokens);
        AssertSameBits(expected, Run(engine, tokens, new ForwardPlan { TokenTypeIds = [.. new int[9]] }));
        Assert.NotEqual(expected[8], Run(engine, tokens, new ForwardPlan { TokenTypeIds = [.. Enumerable.Repeat(1, 9)] })[8]);
    }

    [Fact]
    public void An_encoder_sees_the_whole_sequence_and_refuses_logits_and_continuations()
    {
        ModelConfig config = SmallModels.Dense with { IsEncoder = true };
        using RandomCheckpoint checkpoint = new(config, 3);
        using Engine engine = Engine.Open(checkpoint, Exact);
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, [1, 2, 3]);
        Assert.Contains("no output head", Assert.Throws<InvalidInputException>(() => engine.Step(batch)).Message, StringComparison.Ordinal);

        ForwardPlan plan = new() { HiddenStates = [config.LayerCount + 1] };
        float[] First(int last)
        {
            cache.Truncate(0);
            batch.Clear();
            batch.Add(cache, [1, 2, last], LogitsWanted.None, plan);
            return engine.Step(batch).HiddenState(0, config.LayerCount + 1, 0).ToArray();
        }

        Assert.NotEqual(First(3), First(4));
        batch.Clear();
        batch.Add(cache, [5], LogitsWanted.None, plan);
        Assert.Contains("in one slice", Assert.Throws<InvalidInputException>(() => engine.Step(batch)).Message, StringComparison.Ordinal);
    }

    public static TheoryData<string> Formats => [.. StorageFormats.Writable.Select(format => format.Name)];

    [Theory]
    [MemberData(nameof(Formats))]
    public void Embeddings_and_routers_may_have_any_storage_format(string format)
    {
        ModelConfig config = SmallModels.Top2Normalized with
        {
            HiddenSize = 256,
            LearnedPositions = 256,
            TokenTypeCount = 2,
            EmbeddingSize = 256,
            FeedForwards = [.. SmallModels.Top2Normalized.FeedForwards.Select(layer => layer with { Moe = layer.Moe! with { SharedIntermediateSize = 32, SharedGate = true } })],
        };
        using RandomCheckpoint checkpoint = new(config, 3);
        foreach (TensorSpec tensor in TensorCatalog.For(config).Where(tensor => tensor.Role is TensorRole.Embedding
            or TensorRole.PositionEmbedding or TensorRole.TokenTypeEmbedding or TensorRole.Router or TensorRole.SharedWeight))
        {
            checkpoint.SetTensor(tensor.Name, tensor.Rows, tensor.Columns, RandomWeights.Values(tensor, 3), StorageFormats.ByName(format));
        }

        // The reference reads the same rounded weights.
        using Engine engine = Engine.Open(checkpoint, Exact);
        int[] tokens = RandomTokens(20, config);
        ForwardPlan plan = new() { HiddenStates = [0, 1, 2, 3] };
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens, LogitsWanted.None, plan);
        StepResult result = engine.Step(batch);
        ReferenceOutput expected = new ReferenceDecoder(checkpoint).Forward(tokens);
        foreach (int depth in plan.HiddenStates)
        {
            for (int token = 0; token < tokens.Length; token++)
            {
                AssertClose(expected.HiddenStates[depth][token], result.HiddenState(0, depth, token));
            }
        }
    }
}
