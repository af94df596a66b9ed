using System.Text.Json.Nodes;
using Moiety.Models.Json;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// The files in which sentence-transformers says what follows the encoder: <c>modules.json</c>, a folder with a <c>config.json</c> for the
/// pooling, <c>sentence_bert_config.json</c>.
/// </summary>
internal static class EmbeddingConfigFiles
{
    /// <summary>The list of modules.</summary>
    public const string Modules = "modules.json";

    /// <summary>The longest text.</summary>
    public const string Lengths = "sentence_bert_config.json";

    private const string Namespace = "sentence_transformers.models.";
    private const string PoolingFolder = "1_Pooling";

    /// <summary>Whether a path in a checkpoint's folder is one of these files.</summary>
    public static bool IsOne(string path) => path is Modules or Lengths or $"{PoolingFolder}/{HuggingFaceFiles.Config}";

    /// <summary>Reads what a folder says, or null when it says nothing.</summary>
    /// <exception cref="InvalidCheckpointException">A file is malformed, or asks for what is not supported.</exception>
    public static EmbeddingConfig? Read(string folder)
    {
        string path = Path.Combine(folder, Modules);
        if (!File.Exists(path))
        {
            return null;
        }

        EmbeddingConfig config = new() { Pooling = EmbeddingPooling.None, Normalize = false };
        foreach (JsonField module in JsonField.Read(path).Items())
        {
            string type = module.Get("type").Text();
            switch (type.StartsWith(Namespace, StringComparison.Ordinal) ? type[Namespace.Length..] : type)
            {
                case "Transformer":
                    break;
                case "Pooling":
                    config = config with { Pooling = ReadPooling(folder, module) };
                    break;
                case "Normalize":
                    config = config with { Normalize = true };
                    break;
                default:
                    throw module.Error("type", $"the module \"{type}\" is not supported; known are Transformer, Pooling and Normalize");
            }
        }

        string lengths = Path.Combine(folder, Lengths);
        return File.Exists(lengths) && JsonField.Read(lengths).Int32("max_seq_length") is { } most
            ? config with { MaxTokens = most > 0 ? most : throw new InvalidCheckpointException(lengths, "max_seq_length", $"{most} is not positive") }
            : config;
    }

    /// <summary>Writes the files.</summary>
    /// <param name="folder">The checkpoint's folder.</param>
    /// <param name="config">What they say.</param>
    /// <param name="width">Elements of a vector.</param>
    public static void Write(string folder, EmbeddingConfig config, int width)
    {
        JsonArray modules = [Module(0, "", "Transformer")];
        if (config.Pooling != EmbeddingPooling.None)
        {
            modules.Add(Module(1, PoolingFolder, "Pooling"));
            Directory.CreateDirectory(Path.Combine(folder, PoolingFolder));
            HuggingFaceFiles.WriteJson(Path.Combine(folder, PoolingFolder, HuggingFaceFiles.Config), new JsonObject
            {
                ["word_embedding_dimension"] = width,
                ["pooling_mode_cls_token"] = config.Pooling == EmbeddingPooling.First,
                ["pooling_mode_mean_tokens"] = config.Pooling == EmbeddingPooling.Mean,
                ["pooling_mode_max_tokens"] = false,
                ["pooling_mode_mean_sqrt_len_tokens"] = false,
                ["pooling_mode_lasttoken"] = config.Pooling == EmbeddingPooling.Last,
            });
        }

        if (config.Normalize is true)
        {
            modules.Add(Module(modules.Count, $"{modules.Count}_Normalize", "Normalize"));
        }

        HuggingFaceFiles.WriteJson(Path.Combine(folder, Modules), modules);
        if (config.MaxTokens is { } most)
        {
            HuggingFaceFiles.WriteJson(Path.Combine(folder, Lengths), new JsonObject { ["max_seq_length"] = most });
        }
    }

    private static JsonObject Module(int index, string path, string type) => new()
    {
        ["idx"] = index,
        ["name"] = $"{index}",
        ["path"] = path,
        ["type"] = Namespace + type,
    };

    private static EmbeddingPooling ReadPooling(string folder, JsonField module)
    {
        string name = module.Get("path").Text();
        if (name.Length == 0 || name is "." or ".." || name.AsSpan().ContainsAny("/\\\0:"))
        {
            throw module.Error("path", "it is no name of a folder in the checkpoint's folder");
        }

        string path = Path.Combine(folder, name, HuggingFaceFiles.Config);
        if (!File.Exists(path))
        {
            throw module.Error("path", $"{path} is missing: it says how the states of the tokens become one vector");
        }

        JsonField json = JsonField.Read(path);
        List<string> modes = [.. json.Members().Where(member => member.Key.StartsWith("pooling_mode_", StringComparison.Ordinal)).Where(member => member.Value.Boolean()).Select(member => member.Key)];
        if (json.Text("pooling_mode") is { } named)
        {
            modes.Add(named);
        }

        return modes switch
        {
            ["pooling_mode_mean_tokens" or "mean"] => EmbeddingPooling.Mean,
            ["pooling_mode_cls_token" or "cls"] => EmbeddingPooling.First,
            ["pooling_mode_lasttoken" or "lasttoken"] => EmbeddingPooling.Last,
            [var other] => throw json.Error(other, "this pooling is not supported; known are those of the mean, of the [CLS] and of the last token"),
            _ => throw json.Error($"{modes.Count} kinds of pooling are on; exactly one is supported"),
        };
    }
}
