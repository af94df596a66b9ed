using System.Text.Json.Nodes;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>Gemma's scores: divided by the root of <c>query_pre_attn_scalar</c>, which is the head size in all models but the largest, and soft-capped.</summary>
internal static class GemmaScores
{
    /// <summary>Reads scale and cap.</summary>
    public static ModelConfig ReadScale(ModelConfig config, ConfigFields fields)
    {
        ModelConfig scaled = fields.Single("query_pre_attn_scalar") is { } scalar ? WithScale(config, scalar) : WithScale(config, 256);
        return scaled with { Attention = scaled.Attention with { LogitSoftCap = fields.Single("attn_logit_softcapping") ?? 0 } };
    }

    /// <summary>Writes what <see cref="ReadScale"/> reads.</summary>
    public static void WriteScale(ModelConfig config, JsonObject json)
    {
        json["query_pre_attn_scalar"] = config.Attention.Scale is { } scale ? MathF.Round(1 / (scale * scale)) : config.HeadSize;
        json["attn_logit_softcapping"] = config.Attention.LogitSoftCap > 0 ? config.Attention.LogitSoftCap : null;
    }

    /// <summary>What GGUF files do not tell: the head size, but in the model with this many layers the hidden size over the heads.</summary>
    public static int GgufScalar(ModelConfig config, int layersOfLargest) =>
        config.LayerCount == layersOfLargest && config.HeadCount > 0 ? config.HiddenSize / config.HeadCount : config.HeadSize;

    /// <summary>The model with scores divided by the root of a number.</summary>
    public static ModelConfig WithScale(ModelConfig config, float scalar) => config with
    {
        Attention = config.Attention with { Scale = scalar == config.HeadSize ? null : (float)(1 / Math.Sqrt(scalar)) },
    };
}
