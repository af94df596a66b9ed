using System.Diagnostics;
using System.Text.Json;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Training.Configuration;
using Moiety.Training.Modules;

namespace Moiety.Training.Tests;

public class TrainerTests
{
    [Fact]
    public void A_model_learns_its_corpus()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 150);
        List<TrainingProgress> reports = [];
        using Trainer trainer = Trainer.Open(config with { CheckpointInterval = 1000, EvaluationInterval = 0 }, folder["run"], resume: false);
        TrainingResult result = trainer.Run(new Collector(reports));
        Assert.True(result.Completed);
        double first = reports.First(report => report.Stage == "training").CrossEntropy;
        Assert.InRange(first, 5, 6.5); // ln 300 = 5.7 before anything is learned.
        Assert.True(result.Validation!.CrossEntropy < 1.5, $"held-out cross-entropy {result.Validation.CrossEntropy}");
    }

    [Fact]
    public void Three_steps_and_three_resumed_ones_are_six_steps_bit_by_bit()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path);
        float[] whole = Train(config, folder["whole"], resume: false);

        using (CancellationTokenSource stop = new())
        using (Trainer first = Trainer.Open(config, folder["parts"], resume: false))
        {
            TrainingResult stopped = first.Run(new CancelAt(3, stop), stop.Token);
            Assert.False(stopped.Completed);
            Assert.Equal(3, stopped.Step);
        }

        Assert.Equal(whole, Train(config, folder["parts"], resume: true));
        Assert.Equal(Steps(folder["whole"]), Steps(folder["parts"]));
    }

    [Fact]
    public void The_same_seed_gives_the_same_model_and_another_seed_another()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 3);
        float[] one = Train(config, folder["one"], resume: false);
        Assert.Equal(one, Train(config, folder["two"], resume: false));
        Assert.NotEqual(one, Train(config with { Seed = 2 }, folder["other"], resume: false));
    }

    [Fact]
    public void Two_micro_batches_are_one_batch_of_twice_the_size()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 1) with { Capacity = null, BalanceCoefficient = 0, RouterZCoefficient = 0, Precision = ComputePrecision.F32 };
        using Trainer accumulated = Trainer.Open(config, folder["two"], resume: false);
        accumulated.Run();
        using Trainer whole = Trainer.Open(config with { BatchSize = 8, Accumulation = 1 }, folder["one"], resume: false);
        whole.Run();
        float[] a = [.. accumulated.Model.Store.Gradients.data<float>()];
        float[] b = [.. whole.Model.Store.Gradients.data<float>()];
        Assert.All(a.Zip(b), pair => Assert.True(Math.Abs(pair.First - pair.Second) < 1e-5, $"{pair}"));
    }

    [Fact]
    public void A_run_that_is_killed_at_any_moment_resumes_to_the_same_model()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 400);
        string run = folder["killed"];
        Random random = new(1);
        long reached = 0;
        for (int kill = 0; kill < 3; kill++)
        {
            using Process child = ChildProcess.Train(folder["train.json"], run);
            WaitForStep(child, run, reached + 1);
            Thread.Sleep(random.Next(0, 120));
            child.Kill();
            child.WaitForExit();
            reached = LatestStep(run);
        }

        Assert.InRange(reached, 3, 400);
        float[] resumed = Train(config, run, resume: true);
        Assert.Equal(Train(config with { CheckpointInterval = 1000 }, folder["whole"], resume: false), resumed);
        Assert.Equal(Steps(folder["whole"]), Steps(run));
        Assert.Equal(["step-00000399", "step-00000400"], Directory.GetDirectories(Path.Combine(run, "checkpoints")).Select(Path.GetFileName).Order());
    }

    [Fact]
    public void A_checkpoint_of_another_configuration_is_refused_with_what_differs()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 1);
        Train(config, folder["run"], resume: false);
        Assert.Contains("seed=1", Refused(config with { Seed = 2, Steps = 3 }, folder["run"], resume: true), StringComparison.Ordinal);
        Assert.Contains("batch_size=4", Refused(config with { BatchSize = 8 }, folder["run"], resume: true), StringComparison.Ordinal);
        Assert.Contains("hidden_size=16", Refused(config with { Model = config.Model with { HiddenSize = 32 } }, folder["run"], resume: true), StringComparison.Ordinal);
        Assert.Contains("holds a run already", Refused(config, folder["run"], resume: false), StringComparison.Ordinal);
    }

    [Fact]
    public void A_damaged_checkpoint_is_refused_and_without_it_the_one_before_is_used()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 4);
        float[] whole = Train(config, folder["run"], resume: false);
        string last = folder["run/checkpoints/step-00000004"];
        using (FileStream values = File.OpenWrite(Path.Combine(last, "values.f32")))
        {
            values.SetLength(values.Length - 4);
        }

        string message = Refused(config, folder["run"], resume: true);
        Assert.Contains("values.f32", message, StringComparison.Ordinal);
        Directory.Delete(last, recursive: true);
        Assert.Equal(whole, Train(config, folder["run"], resume: true));
    }

    [Fact]
    public void Two_runs_in_one_folder_are_refused()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 1);
        using Trainer first = Trainer.Open(config, folder["run"], resume: false);
        Assert.Contains("another training", Refused(config, folder["run"], resume: true), StringComparison.Ordinal);
    }

    [Fact]
    public void Missing_corpora_and_tokenizers_are_named_before_any_work()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 1);
        Assert.Contains("nothing.txt", Refused(config with { TrainingCorpora = [folder["nothing.txt"]] }, folder["run"], resume: false), StringComparison.Ordinal);
        Assert.Contains("nothing.json", Refused(config with { TokenizerPath = folder["nothing.json"] }, folder["run"], resume: false), StringComparison.Ordinal);
    }

    [Fact]
    public void An_exported_model_loads_with_the_same_logits()
    {
        using TemporaryFolder folder = new();
        using Trainer trainer = Trainer.Open(SmallCorpus.Write(folder.Path, steps: 2), folder["run"], resume: false);
        trainer.Run();
        trainer.Export(folder["model"]);
        Assert.True(File.Exists(folder["model/tokenizer.json"]));
        Assert.True(File.Exists(folder["model/generation_config.json"]));
        using Checkpoint checkpoint = Checkpoint.Open(folder["model"]);
        Assert.Equal(trainer.Tokenizer.Encode("Anna has a book."), checkpoint.Tokenizer!.Encode("Anna has a book."));
        using DecoderModule loaded = TorchCheckpointLoader.Load(checkpoint);
        Assert.Equal(trainer.Model.Logits([1, 2, 3, 250, 7]), loaded.Logits([1, 2, 3, 250, 7]));
    }

    [Fact]
    public void A_balancing_bias_is_trained_resumed_and_exported()
    {
        using TemporaryFolder folder = new();
        TrainingConfig plain = SmallCorpus.Write(folder.Path, steps: 3); // An odd number: a bias that moves each time cannot be back at 0.
        string json = File.ReadAllText(folder["train.json"]).Replace(
            "\"top_k\": 1, \"expert_size\": 16,", "\"top_k\": 2, \"expert_size\": 16, \"gate\": { \"name\": \"bias-balanced\", \"update_rate\": 0.125 },", StringComparison.Ordinal);
        TrainingConfig config = TrainingConfigReader.Parse(json, folder["train.json"]);
        Assert.NotEqual(plain.Gates, config.Gates);
        float[] whole = Train(config, folder["whole"], resume: false);
        using (CancellationTokenSource stop = new())
        using (Trainer first = Trainer.Open(config, folder["parts"], resume: false))
        {
            first.Run(new CancelAt(1, stop), stop.Token);
        }

        Assert.Contains("gate 1=bias-balanced", Refused(plain with { Model = config.Model }, folder["parts"], resume: true), StringComparison.Ordinal);
        Assert.Equal(whole, Train(config, folder["parts"], resume: true));
        using Trainer trainer = Trainer.Open(config, folder["parts"], resume: true);
        trainer.Export(folder["model"]);
        using Checkpoint checkpoint = Checkpoint.Open(folder["model"]);
        Assert.True(checkpoint.Config.FeedForwards[1].Moe is { SelectionBias: true, Gating: GatingKind.Sigmoid, TopK: 2 });
        using DecoderModule loaded = TorchCheckpointLoader.Load(checkpoint);
        float[] bias = loaded.GetParameter(TensorNames.SelectionBias(1)).ToArray();
        Assert.Contains(bias, value => value != 0);
        Assert.All(bias, value => Assert.Equal(0, value % 0.125f));
        Assert.Equal(trainer.Model.Logits([1, 2, 3, 250, 7]), loaded.Logits([1, 2, 3, 250, 7]));
    }

    [Fact]
    public void A_time_limit_ends_the_run_with_the_learning_rate_down()
    {
        using TemporaryFolder folder = new();
        TrainingConfig config = SmallCorpus.Write(folder.Path, steps: 1_000_000) with { TimeLimit = TimeSpan.FromSeconds(1), CheckpointInterval = 100_000 };
        List<TrainingProgress> reports = [];
        using Trainer trainer = Trainer.Open(config, folder["run"], resume: false);
        Assert.True(trainer.Run(new Collector(reports)).Completed);
        Assert.InRange(reports.Last(report => report.Stage == "training").LearningRate, config.Schedule.Floor, config.Schedule.Peak / 2);
    }

    [Fact]
    public void Metrics_hold_a_line_per_step_with_everything_that_was_measured()
    {
        using TemporaryFolder folder = new();
        Train(SmallCorpus.Write(folder.Path, steps: 4), folder["run"], resume: false);
        JsonElement[] lines = [.. File.ReadLines(folder["run/metrics.jsonl"]).Select(line => JsonDocument.Parse(line).RootElement)];
        JsonElement training = lines.First(line => line.TryGetProperty("loss", out _));
        foreach (string name in (string[])["step", "tokens", "ce", "aux", "z", "lr", "grad_norm", "tokens_per_second", "dropped"])
        {
            Assert.Equal(JsonValueKind.Number, training.GetProperty(name).ValueKind);
        }

        Assert.Equal(1, training.GetProperty("load").GetProperty("1").EnumerateArray().Sum(share => share.GetDouble()), 3);
        JsonElement evaluation = lines.Last(line => line.TryGetProperty("validation_ce", out _));
        Assert.Equal(Math.Exp(evaluation.GetProperty("validation_ce").GetDouble()), evaluation.GetProperty("validation_perplexity").GetDouble(), 0.1);
        Assert.True(evaluation.TryGetProperty("validation_ce_with_drops", out _));
    }

    private static float[] Train(TrainingConfig config, string folder, bool resume)
    {
        using Trainer trainer = Trainer.Open(config, folder, resume);
        Assert.True(trainer.Run().Completed);
        return [.. trainer.Model.Store.Values.data<float>()];
    }

    private static string Refused(TrainingConfig config, string folder, bool resume) =>
        Assert.ThrowsAny<InvalidInputException>(() => Trainer.Open(config, folder, resume).Dispose()).Message;

    private static IEnumerable<string> Steps(string folder) => File.ReadLines(Path.Combine(folder, "metrics.jsonl"))
        .Select(line => JsonDocument.Parse(line).RootElement)
        .Select(line => $"{line.GetProperty("step").GetInt64()} {(line.TryGetProperty("ce", out JsonElement ce) ? ce : line.GetProperty("validation_ce")).GetDouble()}");

    private static long LatestStep(string run)
    {
        string pointer = Path.Combine(run, "checkpoints", "latest");
        return File.Exists(pointer) ? long.Parse(File.ReadAllText(pointer).Trim()["step-".Length..], System.Globalization.CultureInfo.InvariantCulture) : 0;
    }

    private static void WaitForStep(Process child, string run, long step)
    {
        while (LatestStep(run) < step)
        {
            Assert.False(child.HasExited, "the child ended by itself: " + (child.HasExited ? child.StandardError.ReadToEnd() : ""));
            Thread.Sleep(20);
        }
    }

    private sealed class Collector(List<TrainingProgress> reports) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => reports.Add(value);
    }

    private sealed class CancelAt(long step, CancellationTokenSource source) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value)
        {
            if (value.Stage == "training" && value.Step == step)
            {
                source.Cancel();
            }
        }
    }
}
