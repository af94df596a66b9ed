using System.Globalization;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>The expert of a token is looked up by its id, and a table that does not fit the model is refused.</summary>
public class HashRoutingTests : EngineTestBase
{
    private static readonly string Table = TensorNames.ExpertTable(2);

    [Fact]
    public void The_engine_reports_the_experts_of_the_table_with_weight_one()
    {
        ModelConfig config = SmallModels.Hash;
        using RandomCheckpoint checkpoint = new(config, seed: 3);
        float[] table = checkpoint.Values(Table);
        int[] tokens = RandomTokens(40, config);
        using Engine engine = Engine.Open(checkpoint, Exact);
        using KvCache cache = engine.CreateCache();
        Batch batch = new();
        batch.Add(cache, tokens, LogitsWanted.All, new ForwardPlan { RouterDecisions = [2] });
        StepResult result = engine.Step(batch);
        for (int position = 0; position < tokens.Length; position++)
        {
            RouterDecision decision = result.Routing(0, 2, position);
            Assert.Equal([(int)table[tokens[position]]], decision.Experts.ToArray());
            Assert.Equal([1], decision.Weights.ToArray());
        }
    }

    [Theory]
    [InlineData("-1", "none of the layer's 8")]
    [InlineData("8", "none of the layer's 8")]
    [InlineData("2.5", "none of the layer's 8")]
    public void A_table_that_names_no_expert_is_refused(string expert, string reason)
    {
        using RandomCheckpoint checkpoint = new(SmallModels.Hash, seed: 3);
        float[] table = checkpoint.Values(Table);
        table[17] = float.Parse(expert, CultureInfo.InvariantCulture);
        checkpoint.SetTensor(Table, 1, table.Length, table);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Engine.Open(checkpoint, Exact));
        Assert.Equal(Table, error.Field);
        Assert.Contains(reason, error.Message, StringComparison.Ordinal);
        Assert.Contains("token id 17", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_table_for_another_vocabulary_is_refused()
    {
        using RandomCheckpoint checkpoint = new(SmallModels.Hash, seed: 3);
        checkpoint.SetTensor(Table, 1, 90, new float[90]);
        InvalidCheckpointException error = Assert.Throws<InvalidCheckpointException>(() => Engine.Open(checkpoint, Exact));
        Assert.Contains("90 token ids", error.Message, StringComparison.Ordinal);
        Assert.Contains("vocabulary has 101", error.Message, StringComparison.Ordinal);
    }
}
