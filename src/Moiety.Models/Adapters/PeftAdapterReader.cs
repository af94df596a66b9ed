using System.Text.RegularExpressions;
using Moiety.Models.Checkpoints;
using Moiety.Models.Checkpoints.PyTorch;
using Moiety.Models.Families;
using Moiety.Models.Json;

namespace Moiety.Models.Adapters;

/// <summary>Reads the folder that Hugging Face's PEFT writes: <c>adapter_config.json</c> and <c>adapter_model.safetensors</c> or <c>.bin</c>.</summary>
internal static class PeftAdapterReader
{
    /// <summary>The type of plain low-rank adapters.</summary>
    public const string PlainType = "LORA";

    /// <summary>
    /// The type of Moiety's mixtures of low-rank experts: A [experts * rank, columns] and B [rows, experts * rank] of all experts under the
    /// usual names, and <c>lora_router</c> [experts, columns] beside them. PEFT knows no such type and refuses it.
    /// </summary>
    public const string ExpertsType = "MOIETY_LORA_EXPERTS";

    /// <summary>The configuration's keys of such a mixture.</summary>
    public const string ExpertCount = "num_experts";

    /// <inheritdoc cref="ExpertCount"/>
    public const string ExpertsPerToken = "num_experts_per_tok";

    /// <inheritdoc cref="ExpertCount"/>
    public const string NormalizesTopK = "norm_topk_prob";

    /// <summary>What describes the adapter.</summary>
    public const string ConfigName = "adapter_config.json";

    /// <summary>What holds its tensors.</summary>
    public const string WeightsName = "adapter_model.safetensors";

    /// <summary>How names of tensors begin.</summary>
    public const string Prefix = "base_model.model.";
    private const int MostPatterns = 1000;
    private static readonly TimeSpan PatternTime = TimeSpan.FromSeconds(1);

    // Ways to begin the training that take the adapter's first values out of the model's weights.
    private static readonly string[] ChangingStarts = ["pissa", "olora", "corda", "loftq", "lora_ga"];

    /// <summary>Reads a folder.</summary>
    public static LoraAdapter Read(string folder, Checkpoint model)
    {
        string configPath = Path.Combine(folder, ConfigName);
        if (!File.Exists(configPath))
        {
            throw new InvalidCheckpointException(folder, ConfigName, "it is missing: it says how the adapter was made");
        }

        JsonField config = JsonField.Read(configPath);
        Refuse(config);
        AdapterOrigin.Check(folder, config.Text("base_model_name_or_path"), model);
        ModelFamily family = ModelFamilies.Get(model.Config.Family);
        using PeftFiles files = PeftFiles.Open(folder);
        Pattern[] ranks = ReadPatterns(config, "rank_pattern");
        Pattern[] alphas = ReadPatterns(config, "alpha_pattern");
        AdapterMixture? mixture = ReadMixture(config);
        Dictionary<string, AdapterFactors> factors = new(StringComparer.Ordinal);
        foreach ((string name, AdapterTensors parts) in Group(folder, files.Tensors, mixture is not null))
        {
            float ScaleOf(int rank) => Scale(config, ranks, alphas, name, rank);
            factors.Add(name, mixture is null ? AdapterFactors.Read(folder, name, parts.A, parts.B, ScaleOf) : AdapterFactors.Read(folder, name, parts, mixture, ScaleOf));
        }

        return AdapterMatcher.Match(folder, model, family.HuggingFaceNamingFor(model.Config), family.HuggingFaceInterleaved, factors, mixture);
    }

    /// <summary>Whether a file of this name is part of an adapter, so that writing a new one may replace it.</summary>
    public static bool IsOwn(string name) => name is ConfigName or WeightsName;

    private static AdapterMixture? ReadMixture(JsonField config)
    {
        if (config.Text("peft_type") != ExpertsType)
        {
            return null;
        }

        int experts = config.Get(ExpertCount).Int32();
        int topK = config.Get(ExpertsPerToken).Int32();
        if (experts is < 1 or > LoraAdapter.MaxRank)
        {
            throw config.Error(ExpertCount, $"{experts} is not between 1 and {LoraAdapter.MaxRank}");
        }

        return topK >= 1 && topK <= experts
            ? new AdapterMixture(experts, topK, config.Boolean(NormalizesTopK) ?? throw config.Error(NormalizesTopK, "it is missing"))
            : throw config.Error(ExpertsPerToken, $"{topK} is not between 1 and the {experts} experts");
    }

    // What changes the computation and is not built is refused by name.
    private static void Refuse(JsonField config)
    {
        if (config.Text("peft_type") is { } type && type is not (PlainType or ExpertsType))
        {
            throw config.Error("peft_type", $"\"{type}\" is not supported; {PlainType} and {ExpertsType} are");
        }

        if (config.Boolean("use_dora") is true)
        {
            throw config.Error("use_dora", "weight-decomposed adapters are not supported");
        }

        if (config.Text("bias") is { } bias && bias != "none")
        {
            throw config.Error("bias", $"trained biases (\"{bias}\") are not supported; merge the adapter with PEFT first");
        }

        if (config.Find("init_lora_weights") is { IsText: true } start
            && ChangingStarts.FirstOrDefault(name => start.Text().StartsWith(name, StringComparison.OrdinalIgnoreCase)) is not null)
        {
            throw config.Error("init_lora_weights", $"\"{start.Text()}\" also changes the weights of the model; convert the adapter with PEFT (path_initial_model_for_weight_conversion) first");
        }

        foreach (string name in (ReadOnlySpan<string>)["layer_replication", "alora_invocation_tokens", "use_qalora", "arrow_config"])
        {
            if (config.Find(name) is { IsUnset: false } setting)
            {
                throw config.Error(name, $"{setting.Show()} is not supported: it changes how the adapter is applied");
            }
        }

        if (config.Find("modules_to_save") is { } saved && (!saved.IsList || saved.Length() > 0))
        {
            throw config.Error("modules_to_save", $"wholly trained modules ({saved.Show()}) are not supported; merge the adapter with PEFT first");
        }
    }

    private static Dictionary<string, AdapterTensors> Group(string folder, IEnumerable<FileTensor> tensors, bool hasRouters)
    {
        Dictionary<string, AdapterTensors> groups = new(StringComparer.Ordinal);
        foreach (FileTensor tensor in tensors)
        {
            string name = tensor.Name.StartsWith(Prefix, StringComparison.Ordinal) ? tensor.Name[Prefix.Length..] : tensor.Name;
            int mark = name.LastIndexOf(".lora_", StringComparison.Ordinal);
            string module = mark < 0 ? "" : name[..mark];
            AdapterTensors group = groups.GetValueOrDefault(module);
            groups[module] = (mark < 0 ? "" : name[(mark + ".lora_".Length)..]) switch
            {
                "A.weight" or "A.default.weight" => group with { A = tensor },
                "B.weight" or "B.default.weight" => group with { B = tensor },
                "router.weight" when hasRouters => group with { Router = tensor },
                _ => throw new InvalidCheckpointException(folder, $"tensor \"{tensor.Name}\"", "it is no factor of a low-rank update of a matrix, which alone is supported"),
            };
        }

        return groups;
    }

    // As PEFT: the patterns match the end of a module's name; without one, the general numbers hold.
    private static float Scale(JsonField config, Pattern[] ranks, Pattern[] alphas, string name, int rank)
    {
        int expected = Find(ranks, name) is { } ranked ? ranked.Int32() : config.Get("r").Int32();
        if (rank != expected)
        {
            throw config.Error("r", $"the factors of \"{name}\" have the rank {rank}, the configuration says {expected}");
        }

        double alpha = (Find(alphas, name) ?? config.Get("lora_alpha")).Double();
        return (float)(alpha / (config.Boolean("use_rslora") is true ? Math.Sqrt(rank) : rank));
    }

    // A published adapter has a handful: their number times that of the modules must stay small.
    private static Pattern[] ReadPatterns(JsonField config, string key)
    {
        List<Pattern> read = [];
        foreach ((string pattern, JsonField value) in config.Object(key)?.Members() ?? [])
        {
            if (read.Count == MostPatterns)
            {
                throw config.Error(key, $"there are more than {MostPatterns} patterns");
            }

            try
            {
                read.Add(new Pattern(new Regex($@"^(.*\.)?({pattern})$", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant, PatternTime), value));
            }
            catch (Exception error) when (error is ArgumentException or NotSupportedException)
            {
                throw config.Error(key, $"the pattern \"{pattern}\" cannot be used: {error.Message}");
            }
        }

        return [.. read];
    }

    private static JsonField? Find(Pattern[] patterns, string name)
    {
        foreach (Pattern pattern in patterns)
        {
            try
            {
                if (pattern.Name.IsMatch(name))
                {
                    return pattern.Value;
                }
            }
            catch (RegexMatchTimeoutException)
            {
                throw pattern.Value.Error(pattern.Name.ToString(), $"the pattern takes too long for the name \"{name}\"");
            }
        }

        return null;
    }

    /// <summary>A setting of the modules whose names match.</summary>
    private readonly record struct Pattern(Regex Name, JsonField Value);

    /// <summary>The opened weight file of an adapter.</summary>
    private sealed class PeftFiles(IDisposable file, IEnumerable<FileTensor> tensors) : IDisposable
    {
        public IEnumerable<FileTensor> Tensors => tensors;

        public static PeftFiles Open(string folder)
        {
            string safe = Path.Combine(folder, WeightsName);
            if (File.Exists(safe))
            {
                SafetensorsFile file = SafetensorsFile.Open(safe);
                return new PeftFiles(file, file.Tensors.Values.Select(tensor => new MappedTensor(file.Mapping, tensor)));
            }

            string pickled = Path.Combine(folder, "adapter_model.bin");
            if (!File.Exists(pickled))
            {
                throw new InvalidCheckpointException(folder, WeightsName, "there is neither it nor adapter_model.bin");
            }

            PyTorchFile torch = PyTorchFile.Open(pickled);
            return new PeftFiles(torch, torch.Tensors.Values);
        }

        public void Dispose() => file.Dispose();
    }
}
