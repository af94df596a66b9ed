using System.CommandLine;
using Moiety.Cli.Shell;
using Moiety.Training;
using Moiety.Training.Configuration;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety train</c>: trains, or resumes, the model that a configuration describes, and exports it.</summary>
internal static class TrainCommand
{
    private static readonly Argument<string> Config = new("config") { Description = "The training configuration (JSON, comments allowed)" };
    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "Folder of the run: metrics.jsonl, checkpoints, and the exported model at the end",
        HelpName = "FOLDER",
        Required = true,
    };

    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on from the folder's newest checkpoint, if it has one" };

    private static readonly Option<bool> ExportOnly = new("--export-only") { Description = "Export the newest checkpoint without training on" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "train",
            "Train a decoder, dense or Mixture-of-Experts, and export it as a Hugging Face folder.",
            new Example("a run; Ctrl-C stops it after a checkpoint", "moiety train train.json --out runs/first"),
            new Example("the same run from where it stopped", "moiety train train.json --out runs/first --resume"))
        {
            Config,
            Out,
            Resume,
            ExportOnly,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static int Run(ParseResult parsed, Terminal terminal)
    {
        TrainingConfig config = TrainingConfigReader.Read(parsed.GetRequiredValue(Config));
        string folder = parsed.GetRequiredValue(Out);
        bool exportOnly = parsed.GetValue(ExportOnly);
        Lines lines = new(terminal);
        using Trainer trainer = Trainer.Open(config, folder, parsed.GetValue(Resume) || exportOnly, lines, terminal.Stop);
        terminal.Error.WriteLine($"{trainer.Model.ParameterCount:N0} parameters, {trainer.CorpusTokens:N0} tokens of text, step {trainer.Step:N0} of {config.Steps:N0}");
        if (!exportOnly && !trainer.Run(lines, terminal.Stop).Completed)
        {
            terminal.Error.WriteLine($"stopped after step {trainer.Step}; a checkpoint is written, --resume goes on from it");
            return ExitCodes.Interrupted;
        }

        string model = Path.Combine(folder, "model");
        trainer.Export(model, terminal.Stop);
        terminal.Out.WriteLine(model);
        return ExitCodes.Success;
    }

    // A line per report.
    private sealed class Lines(Terminal terminal) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => terminal.Error.WriteLine(value.Stage switch
        {
            "training" => $"{value.Step}/{value.Steps} loss {value.Loss:F4} ce {value.CrossEntropy:F4} aux {value.Balance:F3} z {value.RouterZ:F2} lr {value.LearningRate:G3} "
                + $"norm {value.GradientNorm:F2} {value.TokensPerSecond:F0} tokens/s dropped {value.Routers.Select(router => router.Dropped).DefaultIfEmpty().Average():P1}",
            "evaluating" when value.Validation is { } validation =>
                $"{value.Step}/{value.Steps} held out: ce {validation.CrossEntropy:F4} perplexity {validation.Perplexity:F3}, with drops {validation.PerplexityWithDrops:F3}",
            "tokenizing" => $"tokenizing: {value.Tokens:N0} tokens",
            _ => $"{value.Step}/{value.Steps} {value.Stage}",
        });
    }
}
