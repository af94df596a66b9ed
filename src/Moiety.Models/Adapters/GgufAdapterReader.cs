using Moiety.Models.Checkpoints;
using Moiety.Models.Families;

namespace Moiety.Models.Adapters;

/// <summary>Reads an adapter in a GGUF file, as llama.cpp's converter writes it.</summary>
internal static class GgufAdapterReader
{
    private const string FirstSuffix = ".weight.lora_a";
    private const string SecondSuffix = ".weight.lora_b";

    /// <summary>Reads a file.</summary>
    public static LoraAdapter Read(string path, Checkpoint model)
    {
        using GgufFile file = GgufFile.Open(path);
        GgufMetadata metadata = file.Metadata;
        foreach ((string key, string expected) in (ReadOnlySpan<(string, string)>)[("general.type", "adapter"), ("adapter.type", "lora")])
        {
            if (metadata.Text(key) is var found && found != expected)
            {
                throw metadata.Error(key, $"found \"{found}\", \"{expected}\" is expected: the file holds no low-rank adapter");
            }
        }

        ModelFamily family = ModelFamilies.Get(model.Config.Family);
        string architecture = metadata.RequiredText("general.architecture");
        if (architecture != family.GgufArchitecture)
        {
            throw metadata.Error("general.architecture", $"the adapter is for \"{architecture}\", the model {model.Path} is \"{family.GgufArchitecture}\"");
        }

        AdapterOrigin.Check(path, metadata.Text("general.base_model.0.repo_url"), model);
        float alpha = metadata.RequiredSingle("adapter.lora.alpha");
        if (!float.IsFinite(alpha))
        {
            throw metadata.Error("adapter.lora.alpha", $"{alpha} is not a finite number");
        }

        Dictionary<string, (FileTensor? A, FileTensor? B)> groups = new(StringComparer.Ordinal);
        foreach (StoredTensor stored in file.Tensors.Values)
        {
            bool first = stored.Name.EndsWith(FirstSuffix, StringComparison.Ordinal);
            if (!first && !stored.Name.EndsWith(SecondSuffix, StringComparison.Ordinal))
            {
                throw new InvalidCheckpointException(path, $"tensor \"{stored.Name}\"", "it is no factor of a low-rank update of a matrix, which alone is supported");
            }

            string name = stored.Name[..^FirstSuffix.Length];
            (FileTensor? A, FileTensor? B) group = groups.GetValueOrDefault(name);
            FileTensor tensor = new MappedTensor(file.Mapping, stored);
            groups[name] = first ? (tensor, group.B) : (group.A, tensor);
        }

        // A scale of 0 in the file means that the factors are scaled already.
        Dictionary<string, AdapterFactors> factors = groups.ToDictionary(
            pair => pair.Key,
            pair => AdapterFactors.Read(path, pair.Key, pair.Value.A, pair.Value.B, rank => alpha == 0 ? 1 : alpha / rank),
            StringComparer.Ordinal);
        return AdapterMatcher.Match(path, model, family.GgufNamingFor(model.Config), family.GgufInterleaved, factors);
    }
}
