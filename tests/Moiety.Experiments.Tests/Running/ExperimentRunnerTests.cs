using System.Text.Json;
using Moiety.Experiments.Corpora;
using Moiety.Experiments.Definitions;
using Moiety.Experiments.Reports;
using Moiety.Experiments.Running;
using Moiety.Models.Checkpoints;
using Moiety.Training;

namespace Moiety.Experiments.Tests.Running;

public class ExperimentRunnerTests
{
    [Fact]
    public void A_tiny_experiment_runs_to_its_report_and_does_not_train_twice()
    {
        using TemporaryFolder folder = new();
        Experiment experiment = TinyExperiment.Read();
        CorpusFiles corpus = CorpusStore.Open(experiment.Data, folder["data"]);
        ExperimentRunner runner = new(experiment, corpus, folder["trained"], threads: 1);
        IReadOnlyList<ArmRun> runs = runner.Plan(experiment.Arms, experiment.Seeds);
        Assert.Equal([("dense", 1L), ("moe", 1L), ("dense", 2L), ("moe", 2L)], runs.Select(run => (run.Arm.Name, run.Seed)));
        foreach (ArmRun run in runs)
        {
            runner.Train(run);
        }

        IReadOnlyList<ArmResult> results = runner.ReadResults();
        Assert.Equal([("dense", 1L), ("dense", 2L), ("moe", 1L), ("moe", 2L)], results.Select(result => (result.Arm, result.Seed)));
        Assert.All(results, result =>
        {
            Assert.Equal(4 * 64, result.Tokens);
            Assert.Equal([2L, 4L], result.Curve.Select(point => point.Step));
            Assert.Equal(result.Tokens * result.FlopsPerToken, result.Curve[^1].Flops, 3);
            Assert.Equal(result.Loss, result.Curve[^1].Loss);
        });
        ExpertLoad load = Assert.Single(results[^1].ExpertLoads);
        Assert.Equal(1, load.Shares.Sum(), 3);
        using (Checkpoint model = Checkpoint.Open(runs[1].ModelFolder))
        {
            Assert.Equal(results[^1].Parameters, model.TensorNames.Sum(name => (long)model.Describe(name).Rows * model.Describe(name).Columns));
        }

        ReportFolder.Write(ExperimentReport.From(experiment, results), folder["tiny"]);
        string[] lines = File.ReadAllLines(folder["tiny/results.jsonl"]);
        Assert.Equal(4, lines.Length);
        Assert.Equal(results[0].Loss, JsonDocument.Parse(lines[0]).RootElement.GetProperty("loss").GetDouble());
        Assert.Contains("| moe | 2 |", File.ReadAllText(folder["tiny/report.md"]), StringComparison.Ordinal);

        // Again, under another name: nothing is trained.
        string log = Path.Combine(runs[0].Folder, "metrics.jsonl");
        DateTime written = File.GetLastWriteTimeUtc(log);
        Experiment renamed = TinyExperiment.Read(TinyExperiment.Json.Replace("\"dense\"", "\"plain\"", StringComparison.Ordinal));
        ExperimentRunner other = new(renamed, CorpusStore.Open(renamed.Data, folder["data"]), folder["trained"], threads: 1);
        ArmRun same = other.Plan([renamed.FindArm("plain")!], [1])[0];
        Assert.True(same.IsDone);
        ArmResult found = other.Train(same, new Forbidden());
        Assert.Equal("plain", found.Arm);
        Assert.Equal(results[0].Loss, found.Loss);
        Assert.Equal(written, File.GetLastWriteTimeUtc(log));
    }

    [Fact]
    public void An_interrupted_training_goes_on_to_the_same_result()
    {
        using TemporaryFolder folder = new();
        Experiment experiment = TinyExperiment.Read();
        CorpusFiles corpus = CorpusStore.Open(experiment.Data, folder["data"]);
        ExperimentRunner whole = new(experiment, corpus, folder["whole"], threads: 1);
        ExperimentRunner parts = new(experiment, corpus, folder["parts"], threads: 1);
        ArmRun run = parts.Plan([experiment.FindArm("moe")!], [1])[0];
        using (CancellationTokenSource stop = new())
        {
            Assert.Throws<OperationCanceledException>(() => parts.Train(run, new StopAfter(3, stop), stop.Token));
        }

        Assert.False(run.IsDone);
        Assert.Empty(parts.ReadResults());
        ArmResult resumed = parts.Train(run);
        ArmResult expected = whole.Train(whole.Plan([experiment.FindArm("moe")!], [1])[0]);
        Assert.Equal(expected.Loss, resumed.Loss);
        Assert.Equal(expected.Curve.Select(point => (point.Step, point.Loss)), resumed.Curve.Select(point => (point.Step, point.Loss)));
        Assert.False(Directory.Exists(Path.Combine(run.Folder, "checkpoints")));
    }

    [Fact]
    public void A_student_comes_after_its_teacher_and_costs_the_teachers_passes_too()
    {
        using TemporaryFolder folder = new();
        Experiment experiment = TinyExperiment.Read(TinyExperiment.WithStudent());
        ExperimentRunner runner = new(experiment, CorpusStore.Open(experiment.Data, folder["data"]), folder["trained"], threads: 1);
        IReadOnlyList<ArmRun> runs = runner.Plan([experiment.FindArm("student")!], [1]);
        Assert.Equal(["moe", "student"], runs.Select(run => run.Arm.Name));
        ArmResult[] results = [.. runs.Select(run => runner.Train(run))];
        const int TokensPerStep = 64;
        double teacher = Planning.Costs.ModelCost.Of(runs[0].Cost.Config).Forward(32).Total;
        Assert.Equal(TokensPerStep * ((4 * results[1].FlopsPerToken) + (2 * teacher)), results[1].TrainingFlops, 3);
        Assert.Equal(runs[1].TrainingFlops, results[1].TrainingFlops, 3);
        Assert.Equal(2 * TokensPerStep * (results[1].FlopsPerToken + teacher), results[1].Curve[0].Flops, 3);
        Assert.Equal(4 * TokensPerStep * results[0].FlopsPerToken, results[0].TrainingFlops, 3);

        // Another teacher makes another training of the student.
        Experiment other = TinyExperiment.Read(TinyExperiment.WithStudent("\"teacher\": \"arm:dense\", \"stop_step\": 2"));
        ExperimentRunner second = new(other, CorpusStore.Open(other.Data, folder["data"]), folder["trained"], threads: 1);
        Assert.NotEqual(runs[1].Key, second.Plan([other.FindArm("student")!], [1])[1].Key);
    }

    [Fact]
    public void What_changes_the_training_changes_its_key_and_what_does_not_does_not()
    {
        using TemporaryFolder folder = new();
        string key = Key(TinyExperiment.Json);
        Assert.Equal(key, Key(TinyExperiment.Json.Replace("\"threads\": 1", "\"threads\": 2", StringComparison.Ordinal)));
        Assert.Equal(key, Key(TinyExperiment.Json.Replace("\"log\": 1", "\"log\": 2, \"keep\": 1", StringComparison.Ordinal)));
        Assert.Equal(key, Key(TinyExperiment.Json.Replace("\"heads\": 2, \"context_length\": 32", "\"context_length\": 32, \"heads\": 2", StringComparison.Ordinal)));
        Assert.NotEqual(key, Key(TinyExperiment.Json.Replace("\"steps\": 4", "\"steps\": 5", StringComparison.Ordinal)));
        Assert.NotEqual(key, Key(TinyExperiment.Json.Replace("\"learning_rate\": 1e-2", "\"learning_rate\": 2e-2", StringComparison.Ordinal)));
        Assert.NotEqual(key, Key(TinyExperiment.Json.Replace("\"documents\": 60", "\"documents\": 61", StringComparison.Ordinal)));
        Assert.NotEqual(key, Key(TinyExperiment.Json, seed: 2));

        string Key(string json, long seed = 1)
        {
            Experiment experiment = TinyExperiment.Read(json);
            CorpusFiles corpus = CorpusStore.Open(experiment.Data, folder["data"]);
            return new ExperimentRunner(experiment, corpus, folder["trained"], null).Plan([experiment.FindArm("moe")!], [seed])[0].Key;
        }
    }

    [Fact]
    public void Data_is_made_once_and_of_the_same_bytes()
    {
        using TemporaryFolder folder = new();
        Experiment experiment = TinyExperiment.Read();
        List<string> told = [];
        CorpusFiles first = CorpusStore.Open(experiment.Data, folder["one"], told.Add);
        Assert.Equal(3, told.Count);
        CorpusFiles again = CorpusStore.Open(experiment.Data, folder["one"], told.Add);
        Assert.Equal(3, told.Count);
        Assert.Equal(first, again);
        Assert.Equal(first.Hash, CorpusStore.Open(experiment.Data, folder["two"]).Hash);
        Assert.Equal(280, first.VocabularySize);
    }

    private sealed class Forbidden : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => Assert.Fail("it was trained again");
    }

    private sealed class StopAfter(long step, CancellationTokenSource stop) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Step == step)
            {
                stop.Cancel();
            }
        }
    }
}
