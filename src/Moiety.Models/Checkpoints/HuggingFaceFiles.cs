using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Checkpoints;

/// <summary>Names of the files of a Hugging Face folder, and how its JSON is written.</summary>
internal static class HuggingFaceFiles
{
    public const string Config = "config.json";
    public const string Generation = "generation_config.json";
    public const string SpecialTokens = "special_tokens_map.json";
    public const string Weights = "model.safetensors";
    public const string Index = "model.safetensors.index.json";
    public const string PickledWeights = "pytorch_model.bin";
    public const string PickledIndex = "pytorch_model.bin.index.json";

    private static readonly JsonSerializerOptions Readable = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Whether a file of this name is part of a checkpoint, so that writing a new one may replace it.</summary>
    public static bool IsOwn(string name) =>
        name is Config or Generation or ChatTemplateFiles.Template or TokenizerJson.FileName or TokenizerJson.ConfigFileName or SpecialTokens or Index
        || EmbeddingConfigFiles.IsOne(name)
        || ChatTemplateFiles.IsFurther(name)
        || (name.StartsWith("model", StringComparison.Ordinal) && name.EndsWith(".safetensors", StringComparison.Ordinal));

    /// <summary>Name of one of several weight files.</summary>
    public static string Shard(int index, int count) => $"model-{index + 1:D5}-of-{count:D5}.safetensors";

    /// <summary>Writes indented JSON with a newline at the end.</summary>
    public static void WriteJson(string path, JsonNode json) =>
        File.WriteAllText(path, json.ToJsonString(Readable) + "\n");
}
