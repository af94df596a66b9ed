using System.Collections.Immutable;
using System.Text.Json;
using System.Text.Json.Nodes;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Hub;
using Moiety.Training.Distillation;
using Moiety.Training.Modules;
using Moiety.Training.Optimization;
using Moiety.Training.Routing;

namespace Moiety.Training.Configuration;

/// <summary>
/// Reads a <see cref="TrainingConfig"/> from a JSON file (comments and trailing commas allowed). Strict: unknown keys, wrong types and
/// values out of range are refused before any work. Relative paths count from the file's folder.
/// </summary>
public static class TrainingConfigReader
{
    // Sequences in training, unless the file says otherwise, of a model to start from: contexts of published ones are too long to train on.
    private const int UsualLength = 2048;

    // The model that comes with Moiety, where there is no file of that name.
    private const string Embedded = "embedded";

    private static readonly JsonDocumentOptions Options = new() { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true, AllowDuplicateProperties = false };

    private static readonly Dictionary<string, string> Devices = TrainingDevice.Names.ToDictionary(name => name, StringComparer.Ordinal);

    private static readonly Dictionary<string, ComputePrecision> Precisions = new(StringComparer.Ordinal)
    {
        ["f32"] = ComputePrecision.F32,
        ["bf16"] = ComputePrecision.BF16,
    };

    private static readonly Dictionary<string, DropPolicy> DropPolicies = new(StringComparer.Ordinal)
    {
        ["random"] = DropPolicy.Random,
        ["position"] = DropPolicy.Position,
        ["probability"] = DropPolicy.Probability,
    };

    /// <summary>Reads a file, and the configuration of the checkpoint that it starts from.</summary>
    /// <param name="path">The file.</param>
    /// <param name="initialModel">The checkpoint to start from, a path or a pulled model, in place of what the file says; or null.</param>
    /// <exception cref="InvalidInputException">The file is missing, not JSON, or says something that is not allowed; the checkpoint cannot be opened.</exception>
    public static TrainingConfig Read(string path, string? initialModel = null) => Parse(ReadText(path), path, initialModel);

    /// <summary>Reads a file as if it said something else: what a command line changes goes through the same checks.</summary>
    /// <param name="path">The file.</param>
    /// <param name="change">Changes the root of the JSON.</param>
    /// <exception cref="InvalidInputException">As <see cref="Read(string, string?)"/>.</exception>
    public static TrainingConfig Read(string path, Action<JsonObject> change)
    {
        ArgumentNullException.ThrowIfNull(change);
        JsonNode? root;
        try
        {
            root = JsonNode.Parse(ReadText(path), documentOptions: Options);
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{path}: not valid JSON: {error.Message}", error);
        }

        if (root is JsonObject json)
        {
            change(json);
        }

        return Parse(root?.ToJsonString() ?? "null", path);
    }

    private static string ReadText(string path)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: the configuration cannot be read: {error.Message}", error);
        }
    }

    /// <summary>Reads JSON text.</summary>
    /// <param name="json">The text.</param>
    /// <param name="path">Where it came from: named in errors, and its folder is what relative paths count from.</param>
    /// <param name="initialModel">As in <see cref="Read(string, string?)"/>.</param>
    /// <exception cref="InvalidInputException">As <see cref="Read(string, string?)"/>.</exception>
    public static TrainingConfig Parse(string json, string path, string? initialModel = null)
    {
        JsonDocument document;
        try
        {
            document = JsonDocument.Parse(json, Options);
        }
        catch (JsonException error)
        {
            throw new InvalidInputException($"{path}: not valid JSON: {error.Message}", error);
        }

        using (document)
        {
            ConfigSection root = new(path, "", document.RootElement);
            TrainingConfig config = ReadRoot(root, Path.GetDirectoryName(Path.GetFullPath(path))!, initialModel);
            root.RefuseOthers();
            return config;
        }
    }

    private static TrainingConfig ReadRoot(ConfigSection root, string folder, string? initialModel)
    {
        long seed = root.Integer("seed", 0, long.MaxValue, 1);
        string? named = root.Text("init", "") is { Length: > 0 } start ? Locate(start, folder) : null;
        string? initial = initialModel is null ? named : LocalModel.Find(initialModel);
        ConfigSection? distillationSection = root.Has("distillation") ? root.Section("distillation") : null;
        DistillationConfig? distillation = distillationSection is null ? null : DistillationSection.Read(distillationSection, folder);
        (ModelConfig model, ImmutableArray<GateOptions?> gates) = distillation is { StudentLayers: > 0 } ? (ReadStudent(root, distillationSection!, distillation, initial), [])
            : initial is null ? ReadModel(root.Section("model", required: true))
            : ReadInitial(root, initial);

        ConfigSection data = root.Section("data", required: true);
        string[] training = data.Texts("train");
        string[] validation = data.Texts("validation", []);
        string? tokenizer = data.Text("tokenizer", initial is null ? null : "") is { Length: > 0 } other ? Absolute(other, folder) : null;
        string? cache = data.Text("cache", "") is { Length: > 0 } given ? Absolute(given, folder) : null;
        data.RefuseOthers();

        ConfigSection run = root.Section("training", required: true);
        int sequence = run.Int32("sequence_length", 1, model.ContextLength, initial is null ? model.ContextLength : Math.Min(model.ContextLength, UsualLength));
        int batch = run.Int32("batch_size", 1, 1 << 16);
        int accumulation = run.Int32("accumulation", 1, 1 << 16, 1);
        long tokensPerStep = (long)sequence * batch * accumulation;
        long? steps = run.OptionalInteger("steps", 1, int.MaxValue);
        long? tokens = run.OptionalInteger("tokens", 1, long.MaxValue / 2);
        double? minutes = run.OptionalNumber("time_limit_minutes", 0.001, 1e6);
        if (steps.HasValue == tokens.HasValue)
        {
            throw run.Refuse("steps", steps.HasValue ? "give either \"steps\" or \"tokens\", not both" : "missing; give \"steps\" or \"tokens\"");
        }

        long totalSteps = steps ?? ((tokens!.Value + tokensPerStep - 1) / tokensPerStep);
        bool isolate = run.Boolean("isolate_documents", true);
        int threads = run.Int32("threads", 1, 1024, Environment.ProcessorCount);
        ComputePrecision precision = run.Choice("precision", Precisions, "bf16");
        string device = run.Choice("device", Devices, TrainingDevice.Cpu.Name);
        run.RefuseOthers();

        ConfigSection optimizer = root.Section("optimizer", required: true);
        double peak = optimizer.Number("learning_rate", 1e-9, 1);
        LearningRateSchedule schedule = new(peak, optimizer.Number("final_learning_rate", 0, peak, peak / 10), optimizer.Int32("warmup_steps", 0, int.MaxValue, 100));
        AdamWOptions adam = new()
        {
            Beta1 = optimizer.Number("beta1", 0, 0.999999, 0.9),
            Beta2 = optimizer.Number("beta2", 0, 0.999999, 0.95),
            Epsilon = optimizer.Number("epsilon", 1e-15, 1, 1e-8),
            WeightDecay = optimizer.Number("weight_decay", 0, 10, 0.1),
            ClipNorm = optimizer.OptionalNumber("clip_norm", 1e-6, 1e6, 1),
        };
        optimizer.RefuseOthers();

        ConfigSection router = root.Section("router");
        double balance = router.Number("balance_loss", 0, 100, 0.01);
        double zLoss = router.Number("z_loss", 0, 100, 0.001);
        double? factor = router.OptionalNumber("capacity_factor", 0.01, 1e6);
        ExpertCapacity capacity = new(factor ?? 1, router.Int32("min_capacity", 1, int.MaxValue, 4), router.Choice("drop_policy", DropPolicies, "random"));
        if (factor is not null && capacity.Minimum > (long)sequence * batch)
        {
            throw router.Refuse("min_capacity", $"{capacity.Minimum} is more than the {(long)sequence * batch} tokens of a batch: no expert would ever drop one; leave capacity_factor out to drop nothing");
        }

        router.RefuseOthers();

        ConfigSection intervals = root.Section("intervals");
        TrainingConfig config = new()
        {
            Model = model,
            Gates = gates,
            TrainingCorpora = [.. training.Select(corpus => Absolute(corpus, folder))],
            ValidationCorpora = [.. validation.Select(corpus => Absolute(corpus, folder))],
            InitialModel = initial,
            TokenizerPath = tokenizer,
            CacheFolder = cache,
            Seed = seed,
            SequenceLength = sequence,
            BatchSize = batch,
            Accumulation = accumulation,
            IsolateDocuments = isolate,
            Steps = totalSteps,
            TimeLimit = minutes is { } limit ? TimeSpan.FromMinutes(limit) : null,
            Threads = threads,
            Device = device,
            Precision = precision,
            Schedule = schedule,
            Optimizer = adam,
            BalanceCoefficient = balance,
            RouterZCoefficient = zLoss,
            Capacity = factor is null ? null : capacity,
            Distillation = distillation,
            LogInterval = intervals.Int32("log", 1, int.MaxValue, 10),
            EvaluationInterval = intervals.Int32("evaluation", 0, int.MaxValue, 500),
            EvaluationSequences = intervals.Int32("evaluation_sequences", 1, int.MaxValue, 64),
            CheckpointInterval = intervals.Int32("checkpoint", 1, int.MaxValue, 200),
            KeptCheckpoints = intervals.Int32("keep", 1, 1000, 2),
        };
        intervals.RefuseOthers();
        return root.Has("adapter") ? AdapterReader.Read(root, config) : config;
    }

    // The configuration of the checkpoint to start from. A section that describes the model is not needed; one that is there must fit.
    private static (ModelConfig Model, ImmutableArray<GateOptions?> Gates) ReadInitial(ConfigSection root, string path)
    {
        using Checkpoint checkpoint = Checkpoint.Open(path);
        if (!root.Has("model"))
        {
            return (checkpoint.Config, []);
        }

        (ModelConfig described, ImmutableArray<GateOptions?> gates) = ReadModel(root.Section("model"));
        return ModelAgreement.FindDifference(described, checkpoint.Config) is { } difference
            ? throw root.Refuse("model", $"{difference} in {path}, from which the training starts; leave the section out, or make it fit")
            : (checkpoint.Config, gates);
    }

    /// <summary>A model that a configuration names: a path, the embedded model, or one that was pulled.</summary>
    internal static string Locate(string name, string folder)
    {
        string path = Absolute(name, folder);
        return File.Exists(path) || Directory.Exists(path) ? path : name == Embedded ? EmbeddedModel.Path : LocalModel.Find(name);
    }

    private static ModelConfig ReadStudent(ConfigSection root, ConfigSection section, DistillationConfig distillation, string? initial) =>
        root.Has("model") ? throw root.Refuse("model", "the student is described by distillation.student_layers; leave one of the two out")
        : initial is not null ? throw root.Refuse("init", "the student is made of its teacher by distillation.student_layers; leave one of the two out")
        : DistillationSection.DescribeStudent(distillation, section);

    private static (ModelConfig Model, ImmutableArray<GateOptions?> Gates) ReadModel(ConfigSection model)
    {
        int hidden = model.Int32("hidden_size", 8, 1 << 16);
        int heads = model.Int32("heads", 1, 1024);
        int groups = model.Int32("kv_heads", 1, heads, heads);
        if (heads % groups != 0)
        {
            throw model.Refuse("kv_heads", $"{groups} does not divide heads ({heads}); every key-value head serves the same number of query heads");
        }

        int headSize = model.Int32("head_size", 2, 1024, Math.Max(2, hidden / heads));
        if (headSize % 2 != 0)
        {
            throw model.Refuse("head_size", $"{headSize} is odd; rotary positions turn pairs of elements");
        }

        (FeedForwardConfig FeedForward, GateOptions? Gate)[] layers = [.. model.List("layers").SelectMany(LayerReader.Read)];
        ModelConfig config = new()
        {
            Family = "moiety_moe",
            VocabularySize = 0,
            HiddenSize = hidden,
            HeadCount = heads,
            KeyValueHeadCount = groups,
            HeadSize = headSize,
            ContextLength = model.Int32("context_length", 1, 1 << 20),
            NormEpsilon = (float)model.Number("norm_epsilon", 1e-12, 0.1, 1e-5),
            Rotary = new RotaryConfig { Theta = (float)model.Number("rope_theta", 1, 1e9, 10000) },
            TieWordEmbeddings = model.Boolean("tie_embeddings", true),
            FeedForwards = [.. layers.Select(layer => layer.FeedForward)],
        };
        model.RefuseOthers();
        return (config, [.. layers.Select(layer => layer.Gate)]);
    }

    private static string Absolute(string path, string folder) => Path.GetFullPath(path, folder);
}
