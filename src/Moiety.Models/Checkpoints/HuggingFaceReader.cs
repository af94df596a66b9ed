using Moiety.Models.Checkpoints.DeepSpeed;
using Moiety.Models.Checkpoints.PyTorch;
using Moiety.Models.Checkpoints.Quantized;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Checkpoints;

/// <summary>Opens a Hugging Face folder; see <see cref="HuggingFaceWriter"/> for what is in it.</summary>
internal static class HuggingFaceReader
{
    private const string QuantizationKey = "quantization_config";

    /// <summary>Opens a folder.</summary>
    /// <exception cref="InvalidInputException">A file is missing, malformed, or does not fit the others.</exception>
    public static Checkpoint Open(string folder) => DeepSpeedReader.FindStates(folder) is { } states
        ? DeepSpeedReader.Open(folder, states)
        : Open(folder, folder, WeightFiles(folder));

    /// <summary>Opens one weight file whose <c>config.json</c> lies beside it.</summary>
    public static Checkpoint OpenSingle(string file) =>
        Open(file, Path.GetDirectoryName(Path.GetFullPath(file))!, [file]);

    private static MappedCheckpoint Open(string path, string folder, IReadOnlyList<string> weightFiles)
    {
        string configPath = Path.Combine(folder, HuggingFaceFiles.Config);
        if (!File.Exists(configPath))
        {
            throw new InvalidCheckpointException(path, HuggingFaceFiles.Config, $"{configPath} is missing: it says what model the weights are of");
        }

        JsonField json = JsonField.Read(configPath);
        JsonField? quantization = FindQuantization(folder, json);
        json = json.Without(QuantizationKey);
        (ModelFamily family, ModelConfig config) = ReadConfig(configPath, json);
        List<IDisposable> files = [];
        try
        {
            Dictionary<string, FileTensor> stored = OpenWeights(path, weightFiles, files);
            if (quantization is { } settings)
            {
                QuantizedWeights.Join(settings, stored);
            }

            IReadOnlyList<string> warnings = LanguagePart.Extract(json, stored);
            IReadOnlyList<KeyValuePair<string, CheckpointTensor>> tensors = TensorTable.Match(path, config, family, family.HuggingFaceNamingFor(config), stored);
            return new MappedCheckpoint(
                path,
                config,
                () => TokenizerFolder.Find(folder),
                ReadGeneration(folder),
                tensors,
                files,
                EmbeddingConfigFiles.Read(folder),
                tokenizer => ChatTemplateFiles.Read(folder, tokenizer),
                [.. warnings, .. family.Warn(stored.Keys, config)]);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    /// <summary>The architecture that a <c>config.json</c> states.</summary>
    /// <param name="configPath">The file, for messages.</param>
    /// <param name="json">What is in it, without how weights are quantized.</param>
    /// <exception cref="InvalidCheckpointException">A field is missing or does not fit.</exception>
    internal static (ModelFamily Family, ModelConfig Config) ReadConfig(string configPath, JsonField json)
    {
        JsonField language = LanguagePart.Config(json);
        ModelFamily family = ModelFamilies.ForHuggingFace(language);
        ModelConfig config = family.ReadHuggingFace(language);
        return ModelConfigValidator.FindError(config) is { } error
            ? throw new InvalidCheckpointException(configPath, error.Field, error.Reason)
            : (family, config);
    }

    /// <summary>The architecture that a <c>config.json</c> states, without weights.</summary>
    /// <exception cref="InvalidInputException">The file is missing or malformed, or a field is missing or does not fit.</exception>
    public static ModelConfig ReadConfig(string configPath) => ReadConfig(configPath, JsonField.Read(configPath).Without(QuantizationKey)).Config;

    // The first tools for GPTQ wrote a file of their own.
    private static JsonField? FindQuantization(string folder, JsonField config)
    {
        string separate = Path.Combine(folder, "quantize_config.json");
        return config.Object(QuantizationKey) ?? (File.Exists(separate) ? JsonField.Read(separate) : null);
    }

    private static Dictionary<string, FileTensor> OpenWeights(string path, IReadOnlyList<string> weightFiles, List<IDisposable> files)
    {
        Dictionary<string, FileTensor> all = new(StringComparer.Ordinal);
        foreach (string weightFile in weightFiles)
        {
            foreach (FileTensor tensor in OpenFile(weightFile, files))
            {
                if (!all.TryAdd(tensor.Name, tensor))
                {
                    throw new InvalidCheckpointException(path, $"tensor \"{tensor.Name}\"",
                        $"it is in both {Path.GetFileName(all[tensor.Name].Path)} and {Path.GetFileName(tensor.Path)}");
                }
            }
        }

        return all;
    }

    private static IEnumerable<FileTensor> OpenFile(string path, List<IDisposable> files)
    {
        if (Path.GetExtension(path).Equals(".safetensors", StringComparison.OrdinalIgnoreCase))
        {
            SafetensorsFile safe = SafetensorsFile.Open(path);
            files.Add(safe);
            return safe.Tensors.Values.Select(tensor => new MappedTensor(safe.Mapping, tensor));
        }

        PyTorchFile pickled = PyTorchFile.Open(path);
        files.Add(pickled);
        return pickled.Tensors.Values;
    }

    // Where a folder has both, safetensors come first: they are the newer ones, and aligned.
    private static IReadOnlyList<string> WeightFiles(string folder)
    {
        foreach ((string single, string index) in (ReadOnlySpan<(string, string)>)[(HuggingFaceFiles.Weights, HuggingFaceFiles.Index), (HuggingFaceFiles.PickledWeights, HuggingFaceFiles.PickledIndex)])
        {
            string indexPath = Path.Combine(folder, index);
            if (File.Exists(indexPath))
            {
                return Shards(folder, indexPath);
            }

            string path = Path.Combine(folder, single);
            if (File.Exists(path))
            {
                return [path];
            }
        }

        throw new InvalidCheckpointException(folder, HuggingFaceFiles.Weights,
            $"the folder holds no weights: neither this file nor {HuggingFaceFiles.Index}, {HuggingFaceFiles.PickledWeights} or {HuggingFaceFiles.PickledIndex}");
    }

    private static List<string> Shards(string folder, string index)
    {
        JsonField map = JsonField.Read(index).Get("weight_map");
        SortedSet<string> names = new(StringComparer.Ordinal);
        foreach ((_, JsonField value) in map.Members())
        {
            string name = value.Text();
            if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny("/\\\0:"))
            {
                throw value.Error($"{value.Show()} is no name of a file in the folder");
            }

            names.Add(name);
        }

        foreach (string name in names)
        {
            if (!File.Exists(Path.Combine(folder, name)))
            {
                throw map.Error($"the folder has no file \"{name}\" (incomplete download?)");
            }
        }

        return [.. names.Select(name => Path.Combine(folder, name))];
    }

    private static GenerationConfig? ReadGeneration(string folder)
    {
        string path = Path.Combine(folder, HuggingFaceFiles.Generation);
        return File.Exists(path) ? GenerationConfigFile.Read(path) : null;
    }
}
