using System.CommandLine;
using Moiety.Cli.Displays.Training;
using Moiety.Cli.Shell;
using Moiety.Training;
using Moiety.Training.Configuration;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety train</c>: trains, or resumes, a model that a configuration describes, and exports it.</summary>
internal static class TrainCommand
{
    private static readonly Argument<string> Config = new("config") { Description = "The training configuration, a JSON file" };
    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "Folder of the run: metrics.jsonl, checkpoints, loss curve, and the trained model in model/ (an adapter in adapter/)",
        HelpName = "FOLDER",
        Required = true,
    };

    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on from the newest checkpoint of the folder; the next step is the one that an uninterrupted run would make" };

    private static readonly Option<string?> Init = new("--init")
    {
        Description = "The model to start from, in place of the configuration's \"init\": a GGUF file, a Hugging Face folder or a model that was pulled",
        HelpName = "MODEL",
    };

    private static readonly Option<string?> Device = new("--device")
    {
        Description = $"Where to train, in place of the configuration's \"training.device\": {string.Join(" or ", TrainingDevice.Names)}",
        HelpName = "DEVICE",
    };

    private static readonly Option<bool> ExportOnly = new("--export-only") { Description = "Train nothing: write the model of the newest checkpoint, also while the run goes on" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "train",
            "Train a model and write it as a Hugging Face folder. Ctrl-C writes a checkpoint after the step in progress and stops.",
            new Example("train", "moiety train recipe.json --out runs/first"),
            new Example("go on after an interruption", "moiety train recipe.json --out runs/first --resume"),
            new Example("train on from a model", "moiety train recipe.json --init model.gguf --out runs/second"),
            new Example("the model in the middle of a run", "moiety train recipe.json --out runs/first --export-only"),
            new Example("an adapter that the configuration describes", "moiety train lora.json --init model/ --out runs/lora"),
            new Example("try the result", "moiety generate -m runs/first/model \"Once upon a time\""))
        {
            Config,
            Out,
            Resume,
            Init,
            Device,
            ExportOnly,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static int Run(ParseResult parsed, Terminal terminal)
    {
        string path = parsed.GetRequiredValue(Config);
        string folder = parsed.GetRequiredValue(Out);
        TrainingConfig config = TrainingConfigReader.Read(path, parsed.GetValue(Init));
        string? device = parsed.GetValue(Device);
        config = device is null ? config : config with { Device = device };
        string model = Path.Combine(folder, RunExport.FolderName(config));
        if (parsed.GetValue(ExportOnly))
        {
            long step = RunExport.Write(config, folder, model, terminal.Stop);
            terminal.Out.WriteLine($"{model}: the model after step {step:#,0}");
            return ExitCodes.Success;
        }

        string init = parsed.GetValue(Init) is { } initial ? $" --init {initial}" : "";
        return TrainingRun.Execute(config, folder, parsed.GetValue(Resume), $"moiety train {path}{init}{(device is null ? "" : $" --device {device}")} --out {folder}", terminal);
    }
}
