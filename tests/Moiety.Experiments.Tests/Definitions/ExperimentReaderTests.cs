using System.Text.Json.Nodes;
using Moiety.Experiments.Definitions;
using Moiety.Models;
using Moiety.Training.Configuration;

namespace Moiety.Experiments.Tests.Definitions;

public class ExperimentReaderTests
{
    [Fact]
    public void Overrides_change_what_they_name_and_leave_the_rest()
    {
        JsonObject merged = JsonMerge.Merge(
            (JsonObject)JsonNode.Parse("""{ "a": { "x": 1, "y": 2 }, "list": [1, 2], "kept": true }""")!,
            (JsonObject)JsonNode.Parse("""{ "a": { "y": null, "z": 3 }, "list": [9], "new": {} }""")!);
        Assert.Equal("""{"a":{"x":1,"y":null,"z":3},"list":[9],"kept":true,"new":{}}""", merged.ToJsonString());
    }

    [Fact]
    public void An_arm_is_the_base_with_its_overrides()
    {
        Experiment experiment = TinyExperiment.Read();
        TrainingConfig dense = Configure(experiment, "dense");
        TrainingConfig moe = Configure(experiment, "moe");
        Assert.Null(dense.Optimizer.ClipNorm);
        Assert.Equal(dense.Schedule, moe.Schedule);
        Assert.Equal(4, moe.Model.FeedForwards[1].Moe!.ExpertCount);
        Assert.Null(dense.Model.FeedForwards[1].Moe);
        Assert.Equal(5, moe.Seed);
        Assert.Equal(int.MaxValue, moe.EvaluationSequences);
    }

    [Fact]
    public void The_larger_variant_is_the_file_with_its_changes()
    {
        Experiment large = TinyExperiment.Read(large: true);
        Assert.Equal("tiny-large", large.Name);
        Assert.Equal([7L], large.Seeds);
        Assert.Equal(["dense"], large.Arms.Select(arm => arm.Name));
        Assert.Equal(32, Configure(large, "dense").Model.HiddenSize);
    }

    [Theory]
    [InlineData("\"title\": \"Tiny\",", "", "tiny.json: title: missing")]
    [InlineData("\"title\": \"Tiny\",", "\"title\": \"Tiny\", \"titel\": 1,", "tiny.json: titel: unknown key")]
    [InlineData("\"seeds\": [1, 2]", "\"seeds\": []", "tiny.json: seeds: [] is not allowed")]
    [InlineData("\"seeds\": [1, 2]", "\"seeds\": [1, 1]", "tiny.json: seeds: a seed is given twice")]
    [InlineData("\"seeds\": [1, 2]", "\"seeds\": [1.5]", "tiny.json: seeds: [1.5] is not allowed")]
    [InlineData("\"heads\": 2", "\"heads\": \"two\"", "tiny.json (arm dense): model.heads: \"two\" is not allowed")]
    [InlineData("\"expert_size\": 24", "\"expert_size\": 24, \"tok_p\": 1", "tiny.json (arm moe): model.layers[1].tok_p: unknown key")]
    [InlineData("\"expert_size\": 24", "\"expert_size\": 24, \"top_k\": 5", "tiny.json (arm moe): model.layers[1].top_k: 5 is not allowed")]
    [InlineData("\"about\": \"4 experts\"", "\"abuot\": \"4 experts\"", "tiny.json: arms.moe.abuot: unknown key")]
    [InlineData("\"moe\": { \"about\"", "\"M o E\": { \"about\"", "tiny.json: arms.M o E: an arm is named")]
    [InlineData("\"reference\": \"dense\"", "\"reference\": \"dens\"", "tiny.json: comparison.reference: there is no arm \"dens\"; there are: dense, moe")]
    [InlineData("\"claim\": \"flops-to-loss\"", "\"claim\": \"flops\"", "tiny.json: claims[0].claim: \"flops\" is not known; it must be one of flops-to-loss")]
    [InlineData("\"against\": \"dense\", \"at_least\": 1", "\"against\": \"dense\"", "tiny.json: claims[0].at_least: missing")]
    [InlineData("\"seed\": 2, \"documents\": 6", "\"seed\": 1, \"documents\": 6", "tiny.json: data.validation.seed: is that of the training corpus")]
    [InlineData("\"documents\": 60", "\"size\": \"60\", \"documents\": 60", "tiny.json: data.train: give a size or a number of documents, not both")]
    [InlineData("\"documents\": 60", "\"size\": \"many\"", "tiny.json: data.train: size: \"many\" is not a size")]
    [InlineData("\"documents\": 60", "\"documents\": 60, \"kinds\": \"epic=1\"", "tiny.json: data.train: kinds: \"epic\" is not a kind")]
    [InlineData("\"vocabulary_size\": 280", "\"vocabulary_size\": 10", "tiny.json: data.tokenizer.vocabulary_size: 10 is not allowed")]
    [InlineData("\"evaluation\": 2", "\"evaluation\": 0", "intervals.evaluation: 0 is not a positive multiple")]
    [InlineData("\"evaluation\": 2", "\"evaluation\": 2, \"evaluation_sequences\": 5", "intervals.evaluation_sequences: is not for an arm to say")]
    [InlineData("\"steps\": 4", "\"steps\": 4, \"time_limit_minutes\": 1", "training.time_limit_minutes: is not for an arm to say")]
    [InlineData("\"title\": \"Tiny\",", "\"title\": \"Tiny\", \"title\": \"Again\",", "not valid JSON")]
    public void What_is_not_allowed_is_refused_by_file_and_key(string original, string changed, string message)
    {
        Assert.Contains(original, TinyExperiment.Json, StringComparison.Ordinal);
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => TinyExperiment.Read(TinyExperiment.Json.Replace(original, changed, StringComparison.Ordinal)));
        Assert.Contains(message, error.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"teacher\": \"arm:mole\"", "tiny.json: arms.student.overrides.distillation.teacher: there is no arm \"mole\"; there are: student, dense, moe")]
    [InlineData("\"teacher\": \"arm:student\"", "tiny.json: arms.student.overrides.distillation.teacher: student teach each other in a circle")]
    [InlineData("\"teacher\": \"runs/model\"", "tiny.json: arms.student.overrides.distillation.teacher: must be \"arm:NAME\"")]
    [InlineData("\"teacher\": \"arm:moe\", \"weigth\": 1", "tiny.json (arm student): distillation.weigth: unknown key")]
    [InlineData("\"teacher\": \"arm:moe\", \"student_layers\": 1", "tiny.json (arm student): distillation.student_layers: is not for an arm to say")]
    public void A_teacher_is_an_arm(string distillation, string message) => Assert.Contains(
        message, Assert.Throws<InvalidInputException>(() => TinyExperiment.Read(TinyExperiment.WithStudent(distillation))).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("\"batches\": [1]", "tiny.json: serving.shapes: missing")]
    [InlineData("\"batches\": [0], \"trained\": [\"moe\"]", "tiny.json: serving.batches: [0] is not allowed")]
    [InlineData("\"batches\": [1], \"trained\": [\"mo\"]", "tiny.json: serving.trained: there is no arm \"mo\"")]
    [InlineData("\"batches\": [1], \"trained\": [\"moe\"], \"format\": \"Q9\"", "tiny.json: serving.format: \"Q9\" is not allowed")]
    [InlineData("\"batches\": [1], \"shapes\": { \"a\": { \"model\": {} } }", "tiny.json: serving.shapes.a.vocabulary_size: missing")]
    [InlineData("\"batches\": [1], \"shapes\": { \"a\": { \"vocabulary_size\": 100, \"model\": {} } }", "tiny.json (shape a): model.hidden_size: missing")]
    [InlineData("\"batches\": [1], \"trained\": [\"moe\", \"dense\"], \"claims\": [{ \"model\": \"moe\", \"against\": \"dense\", \"batch\": 2, \"at_least\": 1 }]", "tiny.json: serving.claims[0].batch: 2 is not among the batches")]
    [InlineData("\"batches\": [1], \"trained\": [\"moe\", \"dense\"], \"claims\": [{ \"model\": \"moe\", \"against\": \"big\", \"batch\": 1, \"at_least\": 1 }]", "tiny.json: serving.claims[0].against: there is no model \"big\"; there are: moe, dense")]
    public void What_is_served_is_read_strictly(string serving, string message) => Assert.Contains(
        message, Assert.Throws<InvalidInputException>(() => TinyExperiment.Read(TinyExperiment.WithServing(serving))).Message, StringComparison.Ordinal);

    [Fact]
    public void A_file_without_a_larger_variant_says_so()
    {
        string json = TinyExperiment.Json[..TinyExperiment.Json.IndexOf("\"large\"", StringComparison.Ordinal)] + "}";
        Assert.Contains("large: missing", Assert.Throws<InvalidInputException>(() => TinyExperiment.Read(json, large: true)).Message, StringComparison.Ordinal);
    }

    private static TrainingConfig Configure(Experiment experiment, string arm) => experiment.FindArm(arm)!.Configure(5, "t.txt", "v.txt", "tokenizer", "cache", null);
}
