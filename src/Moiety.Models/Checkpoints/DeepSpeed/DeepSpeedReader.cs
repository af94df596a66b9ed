using System.Text;
using System.Text.RegularExpressions;
using Moiety.Models.Checkpoints.PyTorch;
using Moiety.Models.Configuration;
using Moiety.Models.Families;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Checkpoints.DeepSpeed;

/// <summary>
/// Opens what DeepSpeed saves while it trains a Mixture-of-Experts with Megatron-LM: <c>mp_rank_00_model_states.pt</c> with all but the
/// experts, and one file for each expert of each layer that has some, <c>layer_L_expert_E_mp_rank_00_model_states.pt</c>. The settings are
/// those of <c>config.json</c>, or, where there is none, the command line of the training that the state holds.
/// See https://www.deepspeed.ai/tutorials/mixture-of-experts/.
/// </summary>
internal static partial class DeepSpeedReader
{
    private const string States = "mp_rank_00_model_states.pt";
    private const string OtherRank = "mp_rank_01_model_states.pt";
    private const string Latest = "latest";
    private const int MaxTagBytes = 256;

    /// <summary>The folder with the states: the given one, or the one that its file <c>latest</c> names; null when it is none of DeepSpeed.</summary>
    public static string? FindStates(string folder)
    {
        if (File.Exists(Path.Combine(folder, States)))
        {
            return folder;
        }

        FileInfo latest = new(Path.Combine(folder, Latest));
        if (!latest.Exists || latest.Length is 0 or > MaxTagBytes)
        {
            return null;
        }

        string tag = File.ReadAllText(latest.FullName).Trim();
        bool plain = tag.Length > 0 && tag is not ("." or "..") && !tag.AsSpan().ContainsAny("/\\\0:");
        string states = Path.Combine(folder, plain ? tag : "");
        return plain && File.Exists(Path.Combine(states, States)) ? states : null;
    }

    /// <summary>Opens the states in a folder.</summary>
    /// <param name="folder">The folder that was asked for; its tokenizer is the model's.</param>
    /// <param name="states">The folder with the states.</param>
    /// <exception cref="InvalidInputException">A file is malformed or does not fit the others, or the model was cut over several ranks.</exception>
    public static Checkpoint Open(string folder, string states)
    {
        if (File.Exists(Path.Combine(states, OtherRank)))
        {
            throw new InvalidCheckpointException(folder, OtherRank, "the model is cut over several tensor-parallel ranks; merge them into one first");
        }

        string main = Path.Combine(states, States);
        List<IDisposable> files = [];
        try
        {
            PyTorchFile training = PyTorchFile.OpenTraining(main);
            files.Add(training);
            JsonField json = ReadSettings(folder, states, main, training);
            ModelFamily family = ModelFamilies.ForHuggingFace(json);
            ModelConfig config = family.ReadHuggingFace(json);
            if (ModelConfigValidator.FindError(config) is { } error)
            {
                throw new InvalidCheckpointException(main, error.Field, error.Reason);
            }

            Dictionary<string, FileTensor> tensors = new(training.Tensors, StringComparer.Ordinal);
            foreach (string expert in Directory.EnumerateFiles(states).Where(file => ExpertFile().IsMatch(Path.GetFileName(file))).Order(StringComparer.Ordinal))
            {
                AddExpert(expert, tensors, files);
            }

            return new MappedCheckpoint(
                folder, config, () => TokenizerFolder.Find(folder), null, TensorTable.Match(folder, config, family, family.HuggingFaceNamingFor(config), tensors), files);
        }
        catch
        {
            files.ForEach(file => file.Dispose());
            throw;
        }
    }

    private static void AddExpert(string path, Dictionary<string, FileTensor> tensors, List<IDisposable> files)
    {
        PyTorchFile file = PyTorchFile.Open(path);
        files.Add(file);
        foreach (FileTensor tensor in file.Tensors.Values)
        {
            if (!tensors.TryAdd(tensor.Name, tensor))
            {
                throw new InvalidCheckpointException(path, $"tensor \"{PickleReader.Show(tensor.Name)}\"", $"it is in {Path.GetFileName(tensors[tensor.Name].Path)} too");
            }
        }
    }

    private static JsonField ReadSettings(string folder, string states, string main, PyTorchFile training)
    {
        foreach (string place in (string[])[states, folder])
        {
            string path = Path.Combine(place, HuggingFaceFiles.Config);
            if (File.Exists(path))
            {
                return JsonField.Read(path);
            }
        }

        return MegatronArguments.Find(training.Training) is { } settings
            ? JsonField.Parse(main, Encoding.UTF8.GetBytes(settings.ToJsonString()), "args")
            : throw new InvalidCheckpointException(main, "args", $"the state holds no command line of Megatron-LM, and there is no {HuggingFaceFiles.Config} that says what model it is");
    }

    [GeneratedRegex("^layer_[0-9]+_expert_[0-9]+_mp_rank_00_model_states\\.pt$", RegexOptions.CultureInvariant)]
    private static partial Regex ExpertFile();
}
