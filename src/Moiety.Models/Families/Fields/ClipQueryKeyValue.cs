using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>OLMo's bound on projected queries, keys and values: <c>clip_qkv</c>, in GGUF <c>attention.clamp_kqv</c>.</summary>
internal static class ClipQueryKeyValue
{
    private const string Key = "attention.clamp_kqv";

    /// <summary>Reads the bound; absent is none.</summary>
    public static ModelConfig Read(ModelConfig config, ConfigFields fields) =>
        config with { Attention = config.Attention with { ClipQueryKeyValue = fields.Single("clip_qkv") ?? 0 } };

    /// <summary>Reads the bound; absent is none.</summary>
    public static ModelConfig Read(ModelConfig config, GgufFields fields) =>
        config with { Attention = config.Attention with { ClipQueryKeyValue = fields.Single(Key) ?? 0 } };

    /// <summary>Writes the bound.</summary>
    public static void Write(ModelConfig config, JsonObject json) =>
        json["clip_qkv"] = config.Attention.ClipQueryKeyValue is var bound && bound > 0 ? bound : null;

    /// <summary>Writes the bound.</summary>
    public static void Write(ModelConfig config, Action<string, GgufValue> set)
    {
        if (config.Attention.ClipQueryKeyValue is var bound && bound > 0)
        {
            set(Key, GgufValue.Of(bound));
        }
    }
}
