using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Moiety.Data;
using Moiety.Experiments.Claims;
using Moiety.Experiments.Serving;
using Moiety.Models;
using Moiety.Training.Configuration;

namespace Moiety.Experiments.Definitions;

/// <summary>
/// Reads an <see cref="Experiment"/> from JSON (comments and trailing commas allowed), strictly: unknown keys, wrong types, arms that are
/// no training configuration and names that nobody has are refused before any work, by file and key.
/// </summary>
public static class ExperimentReader
{
    private const string LargeKey = "large";

    // Stands for a folder that an arm will train; one that is there, since a configuration names no teacher that is not.
    private const string Placeholder = ".";

    // The experiment's own: an arm that set them would not be comparable with the others, or found again when a file changes.
    private static readonly string[][] Reserved = [["seed"], ["data"], ["init"], ["intervals", "evaluation_sequences"], ["training", "time_limit_minutes"], ["distillation", "student_layers"]];

    /// <summary>Reads a file; the experiment is named after it.</summary>
    /// <param name="path">The file.</param>
    /// <param name="large">Whether to read the variant for a GPU, which the file's section <c>large</c> makes of it.</param>
    /// <exception cref="InvalidInputException">The file is missing, not JSON, or says something that is not allowed.</exception>
    public static Experiment Read(string path, bool large = false)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        string text;
        try
        {
            text = File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: the experiment cannot be read: {error.Message}", error);
        }

        return Parse(text, Path.GetFileNameWithoutExtension(path), path, large);
    }

    /// <summary>Reads JSON text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="name">Name of the experiment.</param>
    /// <param name="source">Where the text came from: named in errors.</param>
    /// <param name="large">Whether to read the variant for a GPU.</param>
    /// <exception cref="InvalidInputException">As <see cref="Read"/>.</exception>
    public static Experiment Parse(string json, string name, string source, bool large = false)
    {
        JsonObject file = ParseObject(json, source);
        JsonNode? variant = file[LargeKey];
        file.Remove(LargeKey);
        if (variant is not null and not JsonObject)
        {
            throw new InvalidInputException($"{source}: {LargeKey}: must be an object with what differs from the file in the larger variant");
        }

        if (large)
        {
            file = variant is JsonObject changes
                ? JsonMerge.Merge(file, changes)
                : throw new InvalidInputException($"{source}: {LargeKey}: missing; this experiment has no larger variant");
        }

        using JsonDocument document = JsonDocument.Parse(file.ToJsonString());
        ConfigSection root = new(source, "", document.RootElement);
        Experiment experiment = ReadRoot(root, file, large ? $"{name}-{LargeKey}" : name, source);
        root.RefuseOthers();
        return experiment;
    }

    /// <summary>The bound of a claim.</summary>
    internal static Bound ReadBound(ConfigSection claim)
    {
        Bound bound = new(claim.OptionalNumber("at_least", -1e9, 1e9), claim.OptionalNumber("at_most", -1e9, 1e9));
        return bound.AtLeast is null && bound.AtMost is null
            ? throw claim.Refuse("at_least", "missing; a claim needs \"at_least\", \"at_most\" or both")
            : bound;
    }

    private static JsonObject ParseObject(string json, string source)
    {
        JsonDocumentOptions options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };
        try
        {
            return JsonNode.Parse(json, documentOptions: options) as JsonObject ?? throw new InvalidInputException($"{source}: an experiment is a JSON object");
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{source}: not valid JSON: {error.Message}", error);
        }
    }

    private static Experiment ReadRoot(ConfigSection root, JsonObject file, string name, string source)
    {
        string title = root.Text("title");
        string question = root.Text("question");
        string paper = root.Text("paper");
        ExperimentData data = ReadData(root.Section("data", required: true), file["data"]!);
        ImmutableArray<long> seeds = root.Integers("seeds", 0, long.MaxValue);
        if (seeds.Distinct().Count() != seeds.Length)
        {
            throw root.Refuse("seeds", "a seed is given twice; runs of equal seeds are not independent");
        }

        root.Section("base", required: true);
        ImmutableArray<ExperimentArm> arms = ReadArms(root.Section("arms", required: true), (JsonObject)file["base"]!, (JsonObject)file["arms"]!, source);
        CheckTeachers(arms, source);

        ConfigSection comparison = root.Section("comparison", required: true);
        ExperimentArm reference = ArmNamed(comparison, "reference", arms);
        ExperimentArm? target = comparison.Has("target") ? ArmNamed(comparison, "target", arms) : null;
        comparison.RefuseOthers();
        ServingPlan? serving = root.Has("serving") ? ServingReader.Read(root.Section("serving"), (JsonObject)file["serving"]!, arms, source) : null;
        return new Experiment
        {
            Name = name,
            Source = source,
            Title = title,
            Question = question,
            Paper = paper,
            Data = data,
            Seeds = seeds,
            Arms = arms,
            Reference = reference,
            Target = target,
            Claims = root.Has("claims") && file["claims"] is not JsonArray { Count: 0 } ? [.. root.List("claims").Select(claim => ReadClaim(claim, arms))] : [],
            Serving = serving,
        };
    }

    private static ExperimentData ReadData(ConfigSection data, JsonNode node)
    {
        StoryWorldOptions training = ReadStoryWorld(data.Section("train", required: true), data, "train");
        StoryWorldOptions validation = ReadStoryWorld(data.Section("validation", required: true), data, "validation");
        if (training.Seed == validation.Seed)
        {
            throw data.Refuse("validation.seed", "is that of the training corpus: the held-out texts would be among those that were trained on");
        }

        ConfigSection tokenizer = data.Section("tokenizer", required: true);
        int vocabulary = tokenizer.Int32("vocabulary_size", 257, 1 << 20);
        tokenizer.RefuseOthers();
        data.RefuseOthers();
        return new ExperimentData(training, validation, vocabulary, JsonMerge.Sort(node)!.ToJsonString());
    }

    private static StoryWorldOptions ReadStoryWorld(ConfigSection section, ConfigSection parent, string key)
    {
        try
        {
            StoryWorldOptions options = new()
            {
                Seed = (ulong)section.Integer("seed", 0, long.MaxValue),
                SizeInBytes = section.Has("size") ? StoryWorldOptions.ParseSize(section.Text("size")) : null,
                Documents = section.OptionalInteger("documents", 1, 1_000_000_000),
                Residents = section.Int32("residents", 1, int.MaxValue, 1000),
                Kinds = section.Has("kinds") ? StoryWorldOptions.ParseKinds(section.Text("kinds")) : null,
                Association = section.Number("association", 0, 1, 0),
            };
            options.Validate();
            section.RefuseOthers();
            return options;
        }
        catch (InvalidInputException error) when (!error.Message.Contains(parent.File, StringComparison.Ordinal))
        {
            throw parent.Refuse(key, error.Message);
        }
    }

    private static ImmutableArray<ExperimentArm> ReadArms(ConfigSection section, JsonObject original, JsonObject nodes, string source)
    {
        ImmutableArray<ExperimentArm>.Builder arms = ImmutableArray.CreateBuilder<ExperimentArm>();
        foreach ((string name, JsonNode? node) in nodes)
        {
            if (node is null)
            {
                section.Has(name); // The larger variant does without this arm.
                continue;
            }

            if (name.Length == 0 || !name.All(character => char.IsAsciiLetterLower(character) || char.IsAsciiDigit(character) || character is '-' or '.'))
            {
                throw section.Refuse(name, "an arm is named with small letters, digits, - and .");
            }

            ConfigSection arm = section.Section(name, required: true);
            string about = arm.Text("about", "");
            arm.Section("overrides");
            arm.RefuseOthers();
            JsonObject overrides = node["overrides"] as JsonObject ?? [];
            JsonObject settings = JsonMerge.Merge(original, overrides);
            RefuseReserved(settings, $"{source} (arm {name})");
            ExperimentArm made = new(name, about, settings, source);
            if (made.Teacher is null && settings["distillation"] is not null)
            {
                throw new InvalidInputException($"{source}: arms.{name}.overrides.distillation.teacher: must be \"{ExperimentArm.ArmPrefix}NAME\", the arm whose model of the same seed teaches");
            }

            TrainingConfig config = made.Configure(1, Placeholder, Placeholder, Placeholder, Placeholder, Placeholder);
            CheckIntervals(config, $"{source} (arm {name})");
            arms.Add(made);
        }

        section.RefuseOthers();
        return arms.Count > 0 ? arms.ToImmutable() : throw section.Refuse("", "an experiment needs at least one arm");
    }

    private static void RefuseReserved(JsonObject settings, string where)
    {
        foreach (string[] path in Reserved)
        {
            JsonNode? node = settings;
            foreach (string key in path)
            {
                node = (node as JsonObject)?[key];
            }

            if (node is not null)
            {
                throw new InvalidInputException($"{where}: {string.Join('.', path)}: is not for an arm to say: seeds, data, evaluations are the same for all arms, arms give their whole model, and no training depends on the clock or on files that may change");
            }
        }
    }

    private static void CheckIntervals(TrainingConfig config, string where)
    {
        if (config.EvaluationInterval == 0 || config.EvaluationInterval % config.LogInterval != 0)
        {
            throw new InvalidInputException($"{where}: intervals.evaluation: {config.EvaluationInterval} is not a positive multiple of intervals.log ({config.LogInterval}); the time until an evaluation is that of the lines of the log before it");
        }
    }

    private static void CheckTeachers(ImmutableArray<ExperimentArm> arms, string source)
    {
        foreach (ExperimentArm arm in arms)
        {
            HashSet<string> met = [arm.Name];
            for (ExperimentArm learner = arm; learner.Teacher is { } teacher;)
            {
                learner = arms.FirstOrDefault(candidate => candidate.Name == teacher)
                    ?? throw new InvalidInputException($"{source}: arms.{learner.Name}.overrides.distillation.teacher: there is no arm \"{teacher}\"; there are: {Names(arms)}");
                if (!met.Add(learner.Name))
                {
                    throw new InvalidInputException($"{source}: arms.{arm.Name}.overrides.distillation.teacher: {string.Join(", ", met)} teach each other in a circle");
                }
            }
        }
    }

    private static Claim ReadClaim(ConfigSection claim, ImmutableArray<ExperimentArm> arms)
    {
        string name = claim.Text("claim");
        ClaimKind kind = ClaimKind.All.FirstOrDefault(known => known.Name == name)
            ?? throw claim.Refuse("claim", $"\"{name}\" is not known; it must be one of {string.Join(", ", ClaimKind.All.Select(known => known.Name))}");
        Claim made = new(kind, ArmNamed(claim, "arm", arms), ArmNamed(claim, "against", arms), ReadBound(claim));
        claim.RefuseOthers();
        return made;
    }

    private static ExperimentArm ArmNamed(ConfigSection section, string key, ImmutableArray<ExperimentArm> arms)
    {
        string name = section.Text(key);
        return arms.FirstOrDefault(arm => arm.Name == name) ?? throw section.Refuse(key, $"there is no arm \"{name}\"; there are: {Names(arms)}");
    }

    private static string Names(IEnumerable<ExperimentArm> arms) => string.Join(", ", arms.Select(arm => arm.Name));
}
