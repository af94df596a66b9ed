using System.CommandLine;
using System.Globalization;
using System.Text.Json.Nodes;
using Moiety.Cli.Displays;
using Moiety.Cli.Displays.Training;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Data.Teachers;
using Moiety.Evaluation.Teachers;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Training;
using Moiety.Training.Configuration;
using Moiety.Training.Corpora;
using Moiety.Training.Distillation;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety distill</c>: trains a student on its labels and on what a teacher says.</summary>
internal static class DistillCommand
{
    private const string Section = "distillation";

    private static readonly Argument<string> Config = new("config") { Description = "The training configuration of the student, a JSON file as moiety train takes it" };
    private static readonly Option<string> Teacher = new("--teacher", "-t")
    {
        Description = "The teacher: a GGUF file, a Hugging Face folder or a model that was pulled, with the tokenizer of the configuration",
        HelpName = "MODEL",
    };

    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "Folder of the run: metrics.jsonl, checkpoints, loss curve, and the student in model/",
        HelpName = "FOLDER",
        Required = true,
    };

    private static readonly Option<int?> StudentLayers = new("--student-layers")
    {
        Description = "Make the student of the teacher's description with N layers, in place of the configuration's \"model\"; the layers with the most experts, at the end, are kept",
        HelpName = "N",
    };

    private static readonly Option<string?> Initialization = new("--initialization")
    {
        Description = "First weights of such a student: random (as in the paper), or teacher for those of the layers that are kept",
        HelpName = "FROM",
    };

    private static readonly Option<double?> Weight = new("--weight") { Description = "Weight of what the teacher says beside the labels; 1 if the configuration does not say", HelpName = "W" };
    private static readonly Option<double?> Temperature = new("--temperature") { Description = "Temperature that softens both distributions; 1 if the configuration does not say", HelpName = "T" };
    private static readonly Option<string?> StopStep = new("--stop-step")
    {
        Description = "Last step with the teacher, after which the labels alone teach: a number, never, or auto to stop when held-out text is predicted better without it",
        HelpName = "STEP",
    };

    private static readonly Option<string?> TeacherCacheFolder = new("--teacher-cache")
    {
        Description = "Have the engine answer over the whole corpus first, into this folder, and learn from these answers: any model that the engine runs can teach, and further students pay nothing for it",
        HelpName = "FOLDER",
    };

    private static readonly Option<int?> Top = new("--top") { Description = "Most likely tokens that such answers keep of each position; what is left over counts as one class. 64 if the configuration does not say", HelpName = "K" };

    private static readonly Option<bool> Resume = new("--resume") { Description = "Go on from the newest checkpoint of the folder; the next step is the one that an uninterrupted run would make" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "distill",
            "Train a student that learns from a teacher as well as from the labels: loss = CE + w T^2 KL(teacher || student), as DeepSpeed-MoE's Mixture-of-Students "
            + "(arXiv 2201.05596). The teacher helps first and hurts later: --stop-step ends its part. Everything else is as in moiety train; the options can stand in "
            + "the configuration too, as its section \"distillation\".",
            new Example("a student with fewer layers, the teacher for the first 4,000 steps", "moiety distill recipe.json --teacher runs/teacher/model --student-layers 7 --stop-step 4000 --out runs/student"),
            new Example("a student of its own description", "moiety distill student.json --teacher teacher.gguf --temperature 2 --out runs/student"),
            new Example("a large, quantized teacher that answers once, and is left when it no longer helps", "moiety distill student.json --teacher large.gguf --teacher-cache answers/ --stop-step auto --out runs/student"),
            new Example("go on after an interruption", "moiety distill student.json --teacher teacher.gguf --temperature 2 --out runs/student --resume"))
        {
            Config,
            Teacher,
            Out,
            StudentLayers,
            Initialization,
            Weight,
            Temperature,
            StopStep,
            TeacherCacheFolder,
            Top,
            Resume,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static int Run(ParseResult parsed, Terminal terminal)
    {
        string path = parsed.GetRequiredValue(Config);
        string folder = parsed.GetRequiredValue(Out);
        TrainingConfig config = TrainingConfigReader.Read(path, root => Overlay(root, path, parsed));
        if (config.Distillation is { CacheFolder: not null } distillation)
        {
            RecordAnswers(config, distillation, folder, terminal);
        }

        return TrainingRun.Execute(config, folder, parsed.GetValue(Resume), CommandLine(parsed), terminal);
    }

    private static void RecordAnswers(TrainingConfig config, DistillationConfig distillation, string folder, Terminal terminal)
    {
        using TrainingSequences sequences = Tokenize(config, folder, terminal);
        TeacherCacheDescription answers = sequences.DescribeAnswers(terminal.Stop);
        if (TeacherCache.Exists(distillation.CacheFolder!, answers))
        {
            return;
        }

        terminal.Error.WriteLine($"the teacher answers over {sequences.Count:#,0} sequences ({Format.Bytes(answers.FileBytes)} in {distillation.CacheFolder})");
        using OpenedModel teacher = OpenedModel.Open(distillation.TeacherPath, new EngineOptions { Threads = config.Threads });
        using ProgressLine<int> progress = new(terminal, done => $"answered: {done:#,0} of {sequences.Count:#,0} sequences");
        new TeacherRecorder(teacher.Engine).Record(sequences, answers, distillation.CacheFolder!, progress, terminal.Stop);
    }

    private static TrainingSequences Tokenize(TrainingConfig config, string folder, Terminal terminal)
    {
        using ProgressLine<TrainingProgress> progress = new(terminal, state => $"tokenizing: {state.Tokens:#,0} tokens");
        return TrainingSequences.Open(config, folder, progress, terminal.Stop);
    }

    // The options as the section that they stand for: one reader checks both.
    private static void Overlay(JsonObject root, string path, ParseResult parsed)
    {
        if (root[Section] is not (null or JsonObject))
        {
            return;
        }

        JsonObject section = root[Section] as JsonObject ?? [];
        root[Section] = section;
        Set(section, "teacher", parsed.GetValue(Teacher) is { } teacher ? Locate(teacher) : null);
        Set(section, "student_layers", parsed.GetValue(StudentLayers));
        Set(section, "initialization", parsed.GetValue(Initialization));
        Set(section, "weight", parsed.GetValue(Weight));
        Set(section, "temperature", parsed.GetValue(Temperature));
        Set(section, "stop_step", parsed.GetValue(StopStep) is { } stop ? long.TryParse(stop, NumberStyles.None, CultureInfo.InvariantCulture, out long step) ? step : stop : null);
        Set(section, "cache", parsed.GetValue(TeacherCacheFolder) is { } cache ? Path.GetFullPath(cache) : null);
        Set(section, "top", parsed.GetValue(Top));
        if (!section.ContainsKey("teacher"))
        {
            throw new InvalidInputException($"{path}: names no teacher; give --teacher MODEL, or {Section}.teacher in the configuration.");
        }

        if (parsed.GetValue(StudentLayers) is not null)
        {
            root.Remove("model");
        }
    }

    // The configuration's paths count from its own folder, the command line's from the working folder.
    private static string Locate(string teacher)
    {
        string path = ModelPath.Resolve(teacher);
        return File.Exists(path) || Directory.Exists(path) ? Path.GetFullPath(path) : teacher;
    }

    private static void Set(JsonObject section, string key, JsonNode? value)
    {
        if (value is not null)
        {
            section[key] = value;
        }
    }

    private static string CommandLine(ParseResult parsed) =>
        "moiety " + string.Join(' ', parsed.Tokens.Select(token => token.Value).Where(token => token != Resume.Name).Select(token => token.Contains(' ') ? $"\"{token}\"" : token));
}
