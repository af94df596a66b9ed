using System.Text.Json.Nodes;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>The four factors of Granite: of the embedding, of what a layer adds, of the scores, and the divisor of the logits.</summary>
internal static class GraniteFactors
{
    private const string RotarySwitch = "rope.scaling.finetuned";

    /// <summary>Reads the factors; absent is 1.</summary>
    public static ModelConfig Read(ModelConfig config, ConfigFields fields) => With(
        config,
        fields.Single("embedding_multiplier"),
        fields.Single("residual_multiplier"),
        fields.Single("attention_multiplier") ?? 1,
        fields.Single("logits_scaling"));

    /// <summary>Reads the factors. Without a key for the scores, they are divided by the root of the head size.</summary>
    public static ModelConfig Read(ModelConfig config, GgufFields fields)
    {
        if (fields.Boolean(RotarySwitch) is false)
        {
            throw fields.Error(RotarySwitch, "false, which turns rotary positions off in this architecture, is not supported");
        }

        return With(config, fields.Single("embedding_scale"), fields.Single("residual_scale"), fields.Single("attention.scale"), fields.Single("logit_scale"));
    }

    /// <summary>Writes the factors.</summary>
    public static void Write(ModelConfig config, JsonObject json)
    {
        json["embedding_multiplier"] = config.EmbeddingScale;
        json["residual_multiplier"] = config.ResidualScale;
        json["attention_multiplier"] = Scale(config);
        json["logits_scaling"] = Reciprocal(config.LogitScale);
    }

    /// <summary>Writes the factors.</summary>
    public static void Write(ModelConfig config, Action<string, GgufValue> set)
    {
        set("embedding_scale", GgufValue.Of(config.EmbeddingScale));
        set("residual_scale", GgufValue.Of(config.ResidualScale));
        set("attention.scale", GgufValue.Of(Scale(config)));
        set("logit_scale", GgufValue.Of(Reciprocal(config.LogitScale)));
    }

    private static ModelConfig With(ModelConfig config, float? embedding, float? residual, float? scores, float? logits) => config with
    {
        EmbeddingScale = OrOne(embedding),
        ResidualScale = OrOne(residual),
        LogitScale = 1 / OrOne(logits),
        Attention = config.Attention with { Scale = scores is { } scale && scale != 0 && scale != Default(config) ? scale : null },
    };

    private static float OrOne(float? factor) => factor is { } value && value != 0 ? value : 1;

    private static float Default(ModelConfig config) => (float)(1 / Math.Sqrt(config.HeadSize));

    private static float Scale(ModelConfig config) => config.Attention.Scale ?? Default(config);

    // The number whose reciprocal is the given one: rounding may put it next to the reciprocal.
    private static float Reciprocal(float value)
    {
        float near = 1 / value;
        foreach (float candidate in (ReadOnlySpan<float>)[near, MathF.BitDecrement(near), MathF.BitIncrement(near)])
        {
            if (1 / candidate == value)
            {
                return candidate;
            }
        }

        return near;
    }
}
