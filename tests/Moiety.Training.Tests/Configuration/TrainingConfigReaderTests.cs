using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

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
