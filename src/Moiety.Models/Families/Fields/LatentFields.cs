using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// DeepSeek's latent attention (arXiv 2405.04434) in both containers, and its scale of the scores, which grows with the context that YaRN adds.
/// </summary>
internal static class LatentFields
{
    private const string LogMultiplier = "rope.scaling.yarn_log_multiplier";
    private const string AttentionFactor = "rope.scaling.attn_factor";

    /// <summary>Reads the sizes.</summary>
    public static LatentAttentionConfig Read(ConfigFields fields) => new()
    {
        QueryRank = fields.Int32("q_lora_rank") ?? 0,
        KeyValueRank = fields.RequiredInt32("kv_lora_rank"),
        PlainHeadSize = fields.RequiredInt32("qk_nope_head_dim"),
        RotaryHeadSize = fields.RequiredInt32("qk_rope_head_dim"),
        ValueHeadSize = fields.RequiredInt32("v_head_dim"),
    };

    /// <summary>Writes the sizes.</summary>
    public static void Write(LatentAttentionConfig latent, JsonObject json)
    {
        json["q_lora_rank"] = latent.QueryRank > 0 ? latent.QueryRank : null;
        json["kv_lora_rank"] = latent.KeyValueRank;
        json["qk_nope_head_dim"] = latent.PlainHeadSize;
        json["qk_rope_head_dim"] = latent.RotaryHeadSize;
        json["v_head_dim"] = latent.ValueHeadSize;
    }

    /// <summary>Reads the sizes. Newer files state those of attention over the compressed keys, and the real ones under other names.</summary>
    public static LatentAttentionConfig Read(GgufFields fields)
    {
        int rotary = fields.RequiredInt32("rope.dimension_count");
        int keys = fields.Int32("attention.key_length") ?? 0;
        int values = fields.Int32("attention.value_length") ?? 0;
        return new LatentAttentionConfig
        {
            QueryRank = fields.Int32("attention.q_lora_rank") ?? 0,
            KeyValueRank = fields.RequiredInt32("attention.kv_lora_rank"),
            PlainHeadSize = SaturatedSize.Sum(fields.Int32("attention.key_length_mla") ?? keys, -rotary),
            RotaryHeadSize = rotary,
            ValueHeadSize = fields.Int32("attention.value_length_mla") ?? values,
        };
    }

    /// <summary>Writes the sizes as files with the whole up-projection have them.</summary>
    public static void Write(LatentAttentionConfig latent, Action<string, GgufValue> set)
    {
        if (latent.QueryRank > 0)
        {
            set("attention.q_lora_rank", GgufValue.OfSize(latent.QueryRank));
        }

        set("attention.kv_lora_rank", GgufValue.OfSize(latent.KeyValueRank));
        set("attention.key_length", GgufValue.OfSize(latent.PlainHeadSize + latent.RotaryHeadSize));
        set("attention.value_length", GgufValue.OfSize(latent.ValueHeadSize));
    }

    /// <summary>Reads the scale of the scores: <c>mscale_all_dim</c> of YaRN's settings, squared.</summary>
    public static ModelConfig ReadScale(ModelConfig config, ConfigFields fields)
    {
        ConfigFields? scaling = fields.Object("rope_scaling") ?? fields.Object("rope_parameters");
        return config.Rotary?.Scaling is YarnRotaryScaling yarn && scaling?.Single("mscale_all_dim") is { } weight && weight != 0
            ? WithScale(config, ScaleOf(config, yarn, weight))
            : config;
    }

    /// <summary>Writes what <see cref="ReadScale(ModelConfig, ConfigFields)"/> reads.</summary>
    public static void WriteScale(ModelConfig config, JsonObject json)
    {
        if (config.Attention.Scale is { } scale && config.Rotary?.Scaling is YarnRotaryScaling yarn && json["rope_scaling"] is JsonObject scaling)
        {
            float weight = WeightOf(config, yarn, scale, value => ScaleOf(config, yarn, value));
            scaling["mscale_all_dim"] = weight;
            if (yarn.AttentionFactor == 1)
            {
                scaling["mscale"] = weight;
            }
        }
    }

    /// <summary>
    /// Reads the scale of the scores. Cosines and sines have no factor of their own: what llama.cpp computes with another one, or without
    /// the multiplier, is not what such a model was trained with.
    /// </summary>
    public static ModelConfig ReadScale(ModelConfig config, GgufFields fields)
    {
        float? multiplier = fields.Single(LogMultiplier);
        if (config.Rotary?.Scaling is not YarnRotaryScaling yarn)
        {
            return config;
        }

        foreach (string name in (ReadOnlySpan<string>)[AttentionFactor, "rope.scaling.yarn_attn_factor"])
        {
            if (fields.Single(name) is { } factor && factor != 1)
            {
                throw fields.Error(name, FormattableString.Invariant($"{factor} is not supported for this architecture; 1 is expected"));
            }
        }

        double weight = 10.0 * (multiplier is { } found && found != 0 ? found : throw fields.Error(LogMultiplier, "the key is missing: it tells the scale of the scores under YaRN"));
        return WithScale(config, ScaleOf(config, yarn, weight)) with { Rotary = config.Rotary with { Scaling = yarn with { AttentionFactor = 1 } } };
    }

    /// <summary>Writes what <see cref="ReadScale(ModelConfig, GgufFields)"/> reads.</summary>
    public static void WriteScale(ModelConfig config, Action<string, GgufValue> set)
    {
        if (config.Attention.Scale is { } scale && config.Rotary?.Scaling is YarnRotaryScaling yarn)
        {
            set(LogMultiplier, GgufValue.Of(WeightOf(config, yarn, scale, value => ScaleOf(config, yarn, value * 10.0), divisor: 10)));

            // llama.cpp takes the factor of cosines and sines from the multiplier.
            set(AttentionFactor, GgufValue.Of(1f));
        }
    }

    private static ModelConfig WithScale(ModelConfig config, float scale) => config with { Attention = config.Attention with { Scale = scale } };

    private static float ScaleOf(ModelConfig config, YarnRotaryScaling yarn, double weight)
    {
        double magnitude = yarn.Factor <= 1 ? 1 : (0.1 * weight * Math.Log(yarn.Factor)) + 1;
        return (float)(magnitude * magnitude / Math.Sqrt(config.HeadSize));
    }

    // The weight that gives the scale: a short decimal if there is one, since people chose it. Rounding may put it some steps beside the one that
    // the formula gives.
    private static float WeightOf(ModelConfig config, YarnRotaryScaling yarn, float scale, Func<float, float> scaleOf, int divisor = 1)
    {
        const int Steps = 16;
        const int Digits = 6;
        float near = yarn.Factor <= 1 ? 1 : (float)((Math.Sqrt(scale * Math.Sqrt(config.HeadSize)) - 1) / (0.1 * Math.Log(yarn.Factor)) / divisor);
        for (int digits = 1; digits <= Digits; digits++)
        {
            if (MathF.Round(near, digits) is var round && scaleOf(round) == scale)
            {
                return round;
            }
        }

        float below = near;
        float above = near;
        for (int step = 0; step < Steps; step++, below = MathF.BitDecrement(below), above = MathF.BitIncrement(above))
        {
            if (scaleOf(below) == scale)
            {
                return below;
            }

            if (scaleOf(above) == scale)
            {
                return above;
            }
        }

        return near;
    }
}
