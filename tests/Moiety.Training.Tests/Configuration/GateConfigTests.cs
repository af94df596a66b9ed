using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Routing;
using Moiety.Training.Routing.Gates;

namespace Moiety.Training.Tests.Configuration;

/// <summary>What configurations may say of gates.</summary>
public class GateConfigTests
{
    [Fact]
    public void A_gate_is_a_name_or_an_object_with_options()
    {
        Assert.Equal(new HashOptions(Kind("hash"), IsBalanced: false, Seed: null), Read("\"gate\": \"hash\""));
        Assert.Equal(new HashOptions(Kind("hash"), IsBalanced: true, Seed: 7), Read("""
            "gate": { "name": "hash", "table": "balanced", "seed": 7 }
            """));
        Assert.Equal(new ExpertChoiceOptions(Kind("expert-choice"), 2), Read("""
            "gate": { "name": "expert-choice", "causal": false, "capacity_factor": 2 }
            """));
        Assert.Equal(new SoftOptions(Kind("soft"), 3), Read("""
            "gate": { "name": "soft", "causal": false, "slots": 3 }
            """));
        Assert.Equal(new DenseToSparseOptions(Kind("dense-to-sparse"), 4, 0.01, 0.25), Read("""
            "gate": { "name": "dense-to-sparse", "temperature": 4, "threshold": 0.01, "share": 0.25 }
            """));
    }

    [Fact]
    public void Hash_routing_is_part_of_the_model()
    {
        MoeConfig moe = Parse("\"gate\": \"hash\"").Model.FeedForwards[2].Moe!;
        Assert.Equal((GatingKind.Hash, 1, false), (moe.Gating, moe.TopK, moe.NormalizeTopK));
    }

    [Theory]
    [InlineData("\"gate\": \"best\"", "layers[1].gate", "\"best\"", "\"expert-choice\", ")]
    [InlineData("\"gate\": { \"name\": \"best\" }", "layers[1].gate.name", "\"best\"", "\"hash\", ")]
    [InlineData("\"gate\": \"expert-choice\"", "gate.causal", "later tokens", "\"causal\": false")]
    [InlineData("\"gate\": { \"name\": \"soft\", \"slots\": 4 }", "gate.causal", "later tokens", "choose one of top-k")]
    [InlineData("\"gate\": { \"name\": \"soft\", \"causal\": true, \"slots\": 4 }", "gate.causal", "no causal server", "")]
    [InlineData("\"gate\": { \"name\": \"soft\", \"causal\": false }", "gate.slots", "missing", "an integer from 1")]
    [InlineData("\"top_k\": 2, \"gate\": { \"name\": \"soft\", \"causal\": false, \"slots\": 4 }", "layers[1].top_k", "chooses nothing", "slots")]
    [InlineData("\"gating\": \"sigmoid\", \"gate\": { \"name\": \"expert-choice\", \"causal\": false }", "layers[1].gating", "softmax", "")]
    [InlineData("\"groups\": 2, \"group_top_k\": 1, \"gate\": { \"name\": \"expert-choice\", \"causal\": false }", "layers[1].groups", "has no groups", "")]
    [InlineData("\"groups\": 3, \"group_top_k\": 1, \"gate\": \"top-k\"", "layers[1].groups", "3 does not divide", "8 experts")]
    [InlineData("\"selection_bias\": true, \"gate\": \"sinkhorn\"", "layers[1].selection_bias", "has no bias", "")]
    [InlineData("\"top_k\": 2, \"gate\": \"base\"", "layers[1].top_k", "1 expert, not 2", "sinkhorn")]
    [InlineData("\"top_k\": 2, \"gate\": \"hash\"", "layers[1].top_k", "1 expert", "")]
    [InlineData("\"top_k\": 9, \"gate\": \"sinkhorn\"", "layers[1].top_k", "9 is not allowed", "from 1 to 8")]
    [InlineData("\"gate\": { \"name\": \"hash\", \"table\": \"fair\" }", "gate.table", "\"fair\"", "\"balanced\", \"random\"")]
    [InlineData("\"gate\": { \"name\": \"hash\", \"slots\": 4 }", "gate.slots", "unknown key", "seed, table")]
    [InlineData("\"gating\": \"sigmoid\", \"gate\": \"hash\"", "layers[1].gating", "unknown key", "")]
    [InlineData("\"gate\": { \"name\": \"dense-to-sparse\", \"temperature\": 0.5 }", "gate.temperature", "0.5 is not allowed", "from 1 to")]
    public void What_does_not_fit_is_refused_with_its_place_and_what_may_stand_there(string keys, string place, string reason, string allowed)
    {
        string message = Assert.Throws<InvalidInputException>(() => Parse(keys)).Message;
        Assert.Contains(place, message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains(allowed, message, StringComparison.Ordinal);
    }

    private static GateKind Kind(string name) => GateRegistry.All.First(kind => kind.Name == name);

    private static GateOptions? Read(string keys) => Parse(keys).Gates[2];

    // The second entry of layers, which is the third layer, gets the keys.
    private static TrainingConfig Parse(string keys) => TrainingConfigReader.Parse(
        TrainingConfigReaderTests.Valid.Replace("{ \"experts\": 4, \"top_k\": 1, \"expert_size\": 16, \"residual\": true, \"intermediate_size\": 20 }", $"{{ \"experts\": 8, \"expert_size\": 16, {keys} }}", StringComparison.Ordinal),
        "train.json");
}
