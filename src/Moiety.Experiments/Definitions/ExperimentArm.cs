using System.Text.Json;
using System.Text.Json.Nodes;
using Moiety.Models;
using Moiety.Training.Configuration;

namespace Moiety.Experiments.Definitions;

/// <summary>One of the trainings that an experiment compares: the base configuration with the arm's overrides.</summary>
public sealed class ExperimentArm
{
    /// <summary>Begins the name of a teacher that is another arm.</summary>
    internal const string ArmPrefix = "arm:";

    // What a run does not depend on: equal trainings are found again whatever these say.
    private static readonly (string Section, string Key)[] WithoutEffect =
    [
        ("training", "threads"),
        ("intervals", "log"),
        ("intervals", "checkpoint"),
        ("intervals", "keep"),
    ];

    private readonly JsonObject _settings;
    private readonly string _source;

    internal ExperimentArm(string name, string about, JsonObject settings, string source)
    {
        Name = name;
        About = about;
        _settings = settings;
        _source = source;
        Teacher = TeacherOf(settings);
    }

    /// <summary>Its name in the file.</summary>
    public string Name { get; }

    /// <summary>What it is, for a reader of the report; may be empty.</summary>
    public string About { get; }

    /// <summary>The arm whose model of the same seed teaches this one, or null.</summary>
    public string? Teacher { get; }

    /// <summary>Everything that the training depends on but seed, data and teacher, as canonical JSON.</summary>
    internal string Identity
    {
        get
        {
            JsonObject settings = (JsonObject)JsonMerge.Sort(_settings)!;
            foreach ((string section, string key) in WithoutEffect)
            {
                (settings[section] as JsonObject)?.Remove(key);
            }

            if (Teacher is not null)
            {
                settings["distillation"]!["teacher"] = ArmPrefix;
            }

            return settings.ToJsonString();
        }
    }

    /// <summary>The configuration of one training.</summary>
    /// <param name="seed">The seed.</param>
    /// <param name="training">Path of the corpus to train on.</param>
    /// <param name="validation">Path of the held-out corpus.</param>
    /// <param name="tokenizer">Folder of the tokenizer.</param>
    /// <param name="cache">Folder of the token caches.</param>
    /// <param name="teacher">Folder of the teacher's model; null where no arm teaches this one.</param>
    /// <exception cref="InvalidInputException">The arm's configuration is not allowed; the message names file, arm and key.</exception>
    public TrainingConfig Configure(long seed, string training, string validation, string tokenizer, string cache, string? teacher)
    {
        JsonObject settings = (JsonObject)_settings.DeepClone();
        settings["seed"] = seed;
        settings["data"] = new JsonObject { ["train"] = training, ["validation"] = validation, ["tokenizer"] = tokenizer, ["cache"] = cache };
        if (Teacher is not null)
        {
            // The reader wants a path that is there; the teacher may not be trained yet.
            settings["distillation"]!["teacher"] = ".";
        }

        // Every evaluation reads the whole held-out corpus: the points of a curve are comparable with each other and with the last one.
        TrainingConfig config = TrainingConfigReader.Parse(settings.ToJsonString(), $"{_source} (arm {Name})") with { EvaluationSequences = int.MaxValue };
        return Teacher is null ? config : config with { Distillation = config.Distillation! with { TeacherPath = teacher! } };
    }

    private static string? TeacherOf(JsonObject settings) =>
        settings["distillation"] is JsonObject distillation
        && distillation["teacher"] is JsonValue value
        && value.GetValueKind() == JsonValueKind.String
        && value.GetValue<string>() is { } teacher
        && teacher.StartsWith(ArmPrefix, StringComparison.Ordinal)
            ? teacher[ArmPrefix.Length..]
            : null;
}
