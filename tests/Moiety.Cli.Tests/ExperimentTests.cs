using System.Text;

namespace Moiety.Cli.Tests;

/// <summary><c>moiety experiment</c> as a user runs it.</summary>
public class ExperimentTests
{
    private const string Tiny = """
        {
          "title": "Tiny", "question": "Does it run?", "paper": "nothing",
          "data": { "train": { "seed": 1, "documents": 40 }, "validation": { "seed": 2, "documents": 4 }, "tokenizer": { "vocabulary_size": 280 } },
          "seeds": [1, 2],
          "base": {
            "model": { "hidden_size": 16, "heads": 2, "context_length": 32, "layers": [{ "intermediate_size": 24 }] },
            "training": { "batch_size": 2, "steps": 2, "threads": 1 },
            "optimizer": { "learning_rate": 1e-2 },
            "intervals": { "log": 1, "evaluation": 1 },
          },
          "arms": { "one": {}, "two": { "overrides": { "optimizer": { "learning_rate": 1e-3 } } } },
          "comparison": { "reference": "one" },
          "claims": [{ "claim": "loss-gain", "arm": "one", "against": "two", "at_least": 0 }],
        }
        """;

    [Fact]
    public void The_list_names_every_experiment_with_its_question()
    {
        string list = MoietyProcess.Run("experiment", "--list").Succeeds().Out;
        Assert.Contains("dense-vs-moe", list, StringComparison.Ordinal);
        Assert.Contains("staged-distillation", list, StringComparison.Ordinal);
    }

    [Fact]
    public void An_experiment_leaves_results_report_and_pictures_and_is_not_done_twice()
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("tiny.json", Encoding.UTF8.GetBytes(Tiny));
        string[] command = ["experiment", file, "--out", folder["out"], "--threads", "1"];
        Assert.Contains("0 of 2", MoietyProcess.Run([.. command, "--dry-run"]).Succeeds().Out, StringComparison.Ordinal);
        MoietyProcess first = MoietyProcess.Run(command).Succeeds();
        Assert.Contains("one against two", first.Out, StringComparison.Ordinal);
        Assert.All(["results.jsonl", "report.md", "loss-flops.svg", "loss-flops.png", "loss-parameters.svg", "loss-parameters.png"], name => Assert.True(File.Exists(folder[$"out/tiny/{name}"]), name));
        MoietyProcess second = MoietyProcess.Run(command).Succeeds();
        Assert.Equal(4, second.Error.Split("has been trained").Length - 1);
        Assert.Equal(first.Out, second.Out);
        Assert.Equal(first.Out, MoietyProcess.Run([.. command, "--report"]).Succeeds().Out);
    }

    [Fact]
    public void Names_that_nobody_has_are_refused_with_those_there_are()
    {
        MoietyProcess.Run("experiment").FailsWith("dense-vs-moe", "phenomena");
        MoietyProcess.Run("experiment", "dense").FailsWith("\"dense\"", "dense-vs-moe", "staged-distillation");
        MoietyProcess.Run("experiment", "pr-moe", "--arms", "moa").FailsWith("--arms", "moa", "pr-moe-mos");
        MoietyProcess.Run("experiment", "pr-moe", "--seeds", "9").FailsWith("--seeds", "9", "1, 2, 3");
        MoietyProcess.Run("experiment", "pr-moe", "--threads", "0").FailsWith("--threads");
        MoietyProcess.Run("experiment", "pr-moe", "--dry-run", "--report").FailsWith("--dry-run", "--report");
        MoietyProcess.Run("experiment", "pr-moe", "--serve-only").FailsWith("serving");
        MoietyProcess.Run("experiment", "missing.json").FailsWith("missing.json");
    }
}
