using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Json;

namespace Moiety.Models.Families.Fields;

/// <summary>Number of layers, checked before anything is allocated for them.</summary>
internal static class LayerCount
{
    /// <summary>The number in <c>config.json</c>.</summary>
    public static int Read(JsonField json) =>
        Check(json.Get("num_hidden_layers").Int32(), reason => json.Error("num_hidden_layers", reason));

    /// <summary>The number in GGUF metadata.</summary>
    public static int Read(GgufMetadata metadata, string architecture)
    {
        string key = $"{architecture}.block_count";
        return Check(metadata.RequiredInt32(key), reason => metadata.Error(key, reason));
    }

    /// <summary>The number, or the error that it calls for.</summary>
    public static int Check(int layers, Func<string, Exception> error) => layers is > 0 and <= ModelConfigValidator.MaxLayers
        ? layers
        : throw error($"{layers} is not between 1 and {ModelConfigValidator.MaxLayers}");
}
