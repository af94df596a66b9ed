using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Routing;
using Moiety.Training.Routing.Gates;

namespace Moiety.Training.Tests.Configuration;

public class TrainingConfigReaderTests
{
    internal const string Valid = """
        {
          // Comments are allowed, and trailing commas.
          "model": {
            "hidden_size": 16, "heads": 4, "kv_heads": 2, "context_length": 32,
            "layers": [
              { "intermediate_size": 24, "repeat": 2 },
              { "experts": 4, "top_k": 1, "expert_size": 16, "residual": true, "intermediate_size": 20 },
              { "experts": 8, "top_k": 2, "expert_size": 16 },
            ],
          },
          "data": { "train": "train.txt", "tokenizer": "tokenizer" },
          "training": { "batch_size": 2, "steps": 5 },
          "optimizer": { "learning_rate": 1e-3 },
        }
        """;

    [Fact]
    public void A_configuration_says_what_it_says()
    {
        TrainingConfig config = TrainingConfigReader.Parse(Valid, "/folder/train.json");
        Assert.Equal(4, config.Model.LayerCount);
        Assert.Null(config.Model.FeedForwards[1].Moe);
        MoeConfig residual = config.Model.FeedForwards[2].Moe!;
        Assert.Equal((4, 1, 16, false, true), (residual.ExpertCount, residual.TopK, residual.ExpertIntermediateSize, residual.NormalizeTopK, residual.Residual));
        MoeConfig two = config.Model.FeedForwards[3].Moe!;
        Assert.Equal((8, 2, true, false), (two.ExpertCount, two.TopK, two.NormalizeTopK, two.Residual));
        Assert.Equal(["/folder/train.txt"], config.TrainingCorpora);
        Assert.Equal(32, config.SequenceLength);
        Assert.Null(config.Capacity);
        Assert.Null(config.TimeLimit);
        Assert.Equal(1e-4, config.Schedule.Floor, 12);
    }

    [Fact]
    public void A_layer_says_its_experts_and_its_gate()
    {
        const string Layer = """
            { "experts": 8, "top_k": 2, "expert_size": 16, "fine_grain": 4, "shared_size": 12, "shared_gate": true, "groups": 4, "group_top_k": 2,
              "weight_scale": 2.5, "gate": { "name": "bias-balanced", "update_rate": 0.01, "sequence_loss": 0.0001 } },
            """;
        TrainingConfig config = TrainingConfigReader.Parse(Valid.Replace("{ \"experts\": 8, \"top_k\": 2, \"expert_size\": 16 },", Layer, StringComparison.Ordinal), "train.json");
        MoeConfig moe = config.Model.FeedForwards[3].Moe!;
        Assert.Equal((32, 8, 4, true), (moe.ExpertCount, moe.TopK, moe.ExpertIntermediateSize, moe.NormalizeTopK));
        Assert.Equal((GatingKind.Sigmoid, true, 4, 2, GroupScore.BestTwo, 2.5f), (moe.Gating, moe.SelectionBias, moe.GroupCount, moe.GroupTopK, moe.GroupScore, moe.WeightScale));
        Assert.Equal((12, true), (moe.SharedIntermediateSize, moe.SharedGate));
        Assert.Equal([null, null, "top-k", "bias-balanced"], config.Gates.Select(gate => gate?.Kind.Name));
        BiasBalancedOptions options = Assert.IsType<BiasBalancedOptions>(config.Gates[3]);
        Assert.Equal((0.01, 0.0001, BalancedChoices.All), (options.UpdateRate, options.SequenceLoss, options.Choices.Balance));

        // The default gate is what the model's configuration alone describes: such runs resume as before there were gates.
        Assert.Equal(GateRegistry.DefaultFor(config.Model.FeedForwards[2].Moe!), config.Gates[2]);
    }

    [Theory]
    [InlineData("\"gate\": \"topk\"", "layers[2].gate", "\"topk\"", "\"bias-balanced\"")]
    [InlineData("\"gate\": { \"noice\": \"jitter\" }", "layers[2].gate.noice", "unknown key", "noise")]
    [InlineData("\"gate\": { \"noise\": \"some\" }", "layers[2].gate.noise", "\"some\"", "\"rsample\"")]
    [InlineData("\"gate\": { \"noise\": \"rsample\" }, \"gating\": \"sigmoid\"", "layers[2].gate.noise", "rsample", "sigmoid")]
    [InlineData("\"gate\": { \"jitter\": 0.1 }", "layers[2].gate.jitter", "unknown key", "")]
    [InlineData("\"gate\": \"switch\"", "layers[2].top_k", "one expert", "2")]
    [InlineData("\"gate\": \"sigmoid\", \"gating\": \"softmax\"", "layers[2].gating", "sigmoids", "")]
    [InlineData("\"gate\": \"group-limited\"", "layers[2].groups", "needs groups", "group_top_k")]
    [InlineData("\"gate\": \"bias-balanced\", \"selection_bias\": false", "layers[2].selection_bias", "false", "")]
    [InlineData("\"gate\": \"top-k-softmax\", \"normalize_top_k\": false", "layers[2].normalize_top_k", "sum to 1", "")]
    [InlineData("\"gate\": \"noisy-top-k\", \"groups\": 2, \"group_top_k\": 1", "layers[2].groups", "noisy logits", "")]
    [InlineData("\"groups\": 3, \"group_top_k\": 1", "layers[2].groups", "3 does not divide", "8")]
    [InlineData("\"groups\": 8, \"group_top_k\": 1", "layers[2].group_top_k", "hold 1 experts", "2")]
    [InlineData("\"groups\": 2, \"group_top_k\": 3", "layers[2].group_top_k", "3 is not allowed", "to 2")]
    [InlineData("\"fine_grain\": 3", "layers[2].fine_grain", "16", "equal parts")]
    [InlineData("\"shared_gate\": true", "layers[2].shared_gate", "unknown key", "shared_size")]
    [InlineData("\"gating\": \"relu\"", "layers[2].gating", "relu", "\"sigmoid\", \"softmax\"")]
    public void Layers_that_no_gate_routes_are_refused_by_name(string words, string path, params string[] said)
    {
        string json = Valid.Replace("\"experts\": 8,", $"\"experts\": 8, {words},", StringComparison.Ordinal);
        string message = Assert.Throws<InvalidInputException>(() => TrainingConfigReader.Parse(json, "train.json")).Message;
        Assert.Contains(path, message, StringComparison.Ordinal);
        Assert.All(said, text => Assert.Contains(text, message, StringComparison.Ordinal));
    }

    [Fact]
    public void Tokens_become_steps()
    {
        TrainingConfig config = TrainingConfigReader.Parse(Valid.Replace("\"steps\": 5", "\"tokens\": 1000", StringComparison.Ordinal), "train.json");
        Assert.Equal(16, config.Steps); // 64 tokens a step.
    }

    [Theory]
    [InlineData("\"batch_size\": 2", "\"batch_size\": 0", "training.batch_size", "0 is not allowed", "from 1 to")]
    [InlineData("\"batch_size\": 2", "\"batch_size\": \"two\"", "training.batch_size", "\"two\"", "an integer")]
    [InlineData("\"batch_size\": 2", "\"batch_sise\": 2", "training.batch_size", "missing", "an integer from 1")]
    [InlineData("\"batch_size\": 2", "\"batch_size\": 2, \"batch\": 3", "training.batch", "unknown key", "batch_size")]
    [InlineData("\"batch_size\": 2", "\"batch_size\": 2, \"sequence_length\": 64", "training.sequence_length", "64 is not allowed", "to 32")]
    [InlineData("\"batch_size\": 2", "\"batch_size\": 2, \"precision\": \"fp8\"", "training.precision", "fp8", "\"bf16\", \"f32\"")]
    [InlineData("\"batch_size\": 2", "\"batch_size\": 2, \"device\": \"tpu\"", "training.device", "tpu", "\"cpu\", \"cuda\"")]
    [InlineData("\"steps\": 5", "\"steps\": 5, \"tokens\": 9", "training.steps", "either", "not both")]
    [InlineData(", \"steps\": 5", "", "training.steps", "missing", "\"tokens\"")]
    [InlineData("\"kv_heads\": 2", "\"kv_heads\": 3", "model.kv_heads", "3 does not divide", "4")]
    [InlineData("\"hidden_size\": 16", "\"hidden_size\": 16, \"head_size\": 5", "model.head_size", "5 is odd", "")]
    [InlineData("\"top_k\": 2", "\"top_k\": 9", "model.layers[2].top_k", "9 is not allowed", "to 8")]
    [InlineData("\"top_k\": 1", "\"top_k\": 1, \"normalize_top_k\": true", "model.layers[1].normalize_top_k", "no gradient", "")]
    [InlineData("\"repeat\": 2", "\"repeat\": 2, \"top_k\": 1", "model.layers[0].top_k", "unknown key", "intermediate_size")]
    [InlineData("1e-3", "-1", "optimizer.learning_rate", "-1 is not allowed", "a number from")]
    [InlineData("1e-3", "1e-3, \"final_learning_rate\": 1e-2", "optimizer.final_learning_rate", "1e-2", "to 0.001")]
    [InlineData("\"data\":", "\"router\": { \"capacity_factor\": 0 }, \"data\":", "router.capacity_factor", "0 is not allowed", "")]
    [InlineData("\"data\":", "\"router\": { \"drop_policy\": \"last\" }, \"data\":", "router.drop_policy", "last", "\"position\", \"probability\", \"random\"")]
    [InlineData("\"data\":", "\"router\": { \"capacity_factor\": 1, \"min_capacity\": 65 }, \"data\":", "router.min_capacity", "65 is more than", "64")]
    [InlineData("\"train\": \"train.txt\"", "\"train\": []", "data.train", "[] is not allowed", "")]
    [InlineData("\"data\":", "\"data\": {}, \"data\":", "", "not valid JSON", "data")]
    [InlineData("\"data\":", "\"date\":", "data", "missing", "an object")]
    public void What_is_wrong_is_named_with_its_path_its_value_and_what_is_allowed(string part, string replacement, params string[] said)
    {
        string json = Valid.Replace(part, replacement, StringComparison.Ordinal);
        Assert.NotEqual(Valid, json);
        string message = Assert.Throws<InvalidInputException>(() => TrainingConfigReader.Parse(json, "train.json")).Message;
        Assert.StartsWith("train.json", message, StringComparison.Ordinal);
        Assert.All(said, text => Assert.Contains(text, message, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("")]
    [InlineData("[]")]
    [InlineData("{")]
    [InlineData("null")]
    public void Other_things_are_no_configuration(string json) =>
        Assert.Throws<InvalidInputException>(() => TrainingConfigReader.Parse(json, "train.json"));

    [Fact]
    public void A_missing_file_is_named()
    {
        Assert.Contains("nowhere.json", Assert.Throws<InvalidInputException>(() => TrainingConfigReader.Read("nowhere.json")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_recipes_in_the_repository_are_valid()
    {
        foreach (string recipe in Directory.GetFiles(Path.Combine(Repository.Root, "recipes"), "train*.json", SearchOption.AllDirectories))
        {
            Assert.True(TrainingConfigReader.Read(recipe).Steps > 0);
        }
    }
}
