using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Tests;

/// <summary>Whole training runs with gates that change how a run starts, resumes or ends.</summary>
public class GateTrainingTests
{
    [Theory]
    [InlineData("\"hash\"")]
    [InlineData("{ \"name\": \"hash\", \"table\": \"balanced\" }")]
    public void The_table_of_hash_routing_is_made_once_and_comes_through_checkpoints_and_the_export(string gate)
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = Config(folder, gate);
        float[] start;
        using (Trainer trainer = Trainer.Open(config, folder["run"], resume: false))
        {
            start = [.. trainer.Model.GetParameter(TensorNames.ExpertTable(1))];
            using CancellationTokenSource stop = new();
            trainer.Run(new StopAt(2, stop), stop.Token);
        }

        using (Trainer trainer = Trainer.Open(config, folder["run"], resume: true))
        {
            Assert.Equal(start, trainer.Model.GetParameter(TensorNames.ExpertTable(1)).ToArray());
            Assert.True(trainer.Run().Completed);
            trainer.Export(folder["model"]);
        }

        Assert.All(start, expert => Assert.InRange(expert, 0, 3));
        Assert.Equal(4, start.Distinct().Count());
        using Checkpoint exported = Checkpoint.Open(folder["model"]);
        Assert.Equal(GatingKind.Hash, exported.Config.FeedForwards[1].Moe!.Gating);
        Assert.Equal(start, Values(exported, TensorNames.ExpertTable(1)));
    }

    [Fact]
    public void A_balanced_table_loads_experts_more_evenly_than_a_random_one()
    {
        using TemporaryFolder folder = new();
        double Largest(string gate, string run)
        {
            List<TrainingProgress> reports = [];
            using Trainer trainer = Trainer.Open(Config(folder, gate) with { Capacity = null }, folder[run], resume: false);
            trainer.Run(new Collect(reports));
            return reports.First(report => report.Routers.Length > 0).Routers[0].Shares.Max();
        }

        Assert.True(Largest("{ \"name\": \"hash\", \"table\": \"balanced\" }", "balanced") < Largest("{ \"name\": \"hash\", \"seed\": 3 }", "random"));
    }

    [Theory]
    [InlineData("{ \"name\": \"expert-choice\", \"causal\": false }")]
    [InlineData("{ \"name\": \"soft\", \"causal\": false, \"slots\": 4 }")]
    public void A_model_that_sees_later_tokens_is_trained_and_evaluated_but_not_exported(string gate)
    {
        using TemporaryFolder folder = new();
        using Trainer trainer = Trainer.Open(Config(folder, gate), folder["run"], resume: false);
        TrainingResult result = trainer.Run();
        Assert.True(result.Completed);
        Assert.True(double.IsFinite(result.Validation!.CrossEntropy));
        string message = Assert.Throws<InvalidInputException>(() => trainer.Export(folder["model"])).Message;
        Assert.Contains("Layer 1", message, StringComparison.Ordinal);
        Assert.Contains("causal server", message, StringComparison.Ordinal);
        Assert.False(Directory.Exists(folder["model"]));
    }

    [Theory]
    [InlineData("\"base\"")]
    [InlineData("\"sinkhorn\"")]
    [InlineData("\"dense-to-sparse\"")]
    public void Other_gates_train_to_a_model_that_any_reader_of_the_family_opens(string gate)
    {
        using TemporaryFolder folder = new();
        using Trainer trainer = Trainer.Open(Config(folder, gate), folder["run"], resume: false);
        Assert.True(trainer.Run().Completed);
        Assert.Null(trainer.ExportObstacle);
        trainer.Export(folder["model"]);
        using Checkpoint exported = Checkpoint.Open(folder["model"]);
        Assert.Equal(GatingKind.Softmax, exported.Config.FeedForwards[1].Moe!.Gating);
    }

    private static TrainingConfig Config(TemporaryFolder folder, string gate)
    {
        SmallCorpus.Write(folder.Path, steps: 4);
        string path = folder["train.json"];
        string json = File.ReadAllText(path).Replace("\"experts\": 4,", $"\"experts\": 4, \"gate\": {gate},", StringComparison.Ordinal);
        return TrainingConfigReader.Parse(json, path);
    }

    private static unsafe float[] Values(Checkpoint checkpoint, string name)
    {
        Numerics.Matrix matrix = checkpoint.GetTensor(name);
        return new ReadOnlySpan<float>(matrix.Data, checked(matrix.Rows * matrix.Columns)).ToArray();
    }

    private sealed class StopAt(long step, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Stage == "training" && value.Step >= step)
            {
                stop.Cancel();
            }
        }
    }

    private sealed class Collect(List<TrainingProgress> reports) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => reports.Add(value);
    }
}
