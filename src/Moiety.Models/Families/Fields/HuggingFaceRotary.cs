using System.Collections.Immutable;
using System.Text.Json.Nodes;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// Rotary positions in <c>config.json</c>: <c>rope_theta</c>, the rotated share of a head, and the scaling in <c>rope_scaling</c> or, since
/// version 5 of <c>transformers</c>, all of it in <c>rope_parameters</c>.
/// </summary>
internal static class HuggingFaceRotary
{
    private const string OriginalContext = "original_max_position_embeddings";

    /// <summary>Reads the rotary positions of a model.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="keys">What the family calls them.</param>
    /// <param name="defaults">What absent fields mean.</param>
    /// <param name="headSize">Elements of a head that may be rotated.</param>
    /// <param name="context">Longest sequence of the model.</param>
    public static RotaryConfig Read(ConfigFields fields, HuggingFaceKeys keys, FamilyDefaults defaults, int headSize, int context)
    {
        ConfigFields? parameters = fields.Object("rope_parameters");
        ConfigFields? scaling = fields.Object("rope_scaling") ?? parameters;
        float theta = (keys.Theta.IsEmpty ? null : fields.Single(keys.Theta.AsSpan())) ?? parameters?.Single("rope_theta") ?? defaults.Theta;
        float share = (keys.PartialRotary.IsEmpty ? null : fields.Single(keys.PartialRotary.AsSpan())) ?? parameters?.Single("partial_rotary_factor") ?? defaults.PartialRotary;
        return new RotaryConfig
        {
            Theta = theta,
            Dimensions = Dimensions(fields, keys, share, headSize),
            Scaling = scaling is null ? null : ReadScaling(fields, scaling, context),
        };
    }

    /// <summary>Writes what <see cref="Read"/> reads.</summary>
    public static void Write(RotaryConfig rotary, HuggingFaceKeys keys, int headSize, int context, JsonObject json)
    {
        if (!keys.Theta.IsEmpty)
        {
            json[keys.Theta[0]] = rotary.Theta;
        }

        if (!keys.PartialRotary.IsEmpty)
        {
            json[keys.PartialRotary[0]] = (float)(rotary.Dimensions ?? headSize) / headSize;
        }

        if (WriteScaling(rotary.Scaling, context) is { } scaling)
        {
            json["rope_scaling"] = scaling;
            if (rotary.Scaling is FactorRotaryScaling factors)
            {
                json[OriginalContext] = factors.OriginalContextLength;
            }
        }
    }

    /// <summary>Reads a scaling, or null for none.</summary>
    /// <param name="fields">The file.</param>
    /// <param name="scaling">The object that describes it.</param>
    /// <param name="context">Longest sequence of the model.</param>
    public static RotaryScaling? ReadScaling(ConfigFields fields, ConfigFields scaling, int context)
    {
        scaling.Ignore("rope_theta", "partial_rotary_factor");
        float Required(string name) => scaling.Single(name) ?? throw scaling.Error(name, "it is missing");
        switch (scaling.Text("rope_type", "type") ?? "default")
        {
            case "default":
                return null;
            case "linear":
                float factor = Required("factor");
                return factor == 1 ? null : new LinearRotaryScaling(factor);
            case "llama3":
                return new Llama3RotaryScaling(Required("factor"), Required("low_freq_factor"), Required("high_freq_factor"), scaling.RequiredInt32(OriginalContext));
            case "yarn":
                // Besides attention_factor only DeepSeek's scale of the scores uses them, and reads them.
                fields.Ignore(OriginalContext);
                scaling.Ignore("mscale", "mscale_all_dim");
                return new YarnRotaryScaling(Required("factor"), scaling.Int32(OriginalContext) ?? fields.Int32(OriginalContext) ?? context)
                {
                    BetaFast = scaling.Single("beta_fast") ?? 32,
                    BetaSlow = scaling.Single("beta_slow") ?? 1,
                    AttentionFactor = scaling.Single("attention_factor") ?? Magnitude(scaling, Required("factor")),
                    Truncate = scaling.Boolean("truncate") ?? true,
                };
            case "longrope" or "su":
                int original = scaling.Int32(OriginalContext) ?? fields.Int32(OriginalContext) ?? throw fields.Error(OriginalContext, "it is missing");
                scaling.Ignore("factor");
                return new FactorRotaryScaling
                {
                    Short = Divisors(scaling, "short_factor"),
                    Long = Divisors(scaling, "long_factor"),
                    OriginalContextLength = original,
                    AttentionFactor = scaling.Single("attention_factor") ?? LongRopeMagnitude(original, context),
                };
            case var type:
                throw scaling.Error("rope_type", $"scaling of rotary positions by \"{type}\" is not supported; known: default, linear, llama3, yarn, longrope");
        }
    }

    /// <summary>The object that describes a scaling, or null when there is none to write.</summary>
    public static JsonObject? WriteScaling(RotaryScaling? scaling, int context)
    {
        switch (scaling)
        {
            case LinearRotaryScaling linear:
                return new JsonObject { ["rope_type"] = "linear", ["factor"] = linear.Factor };
            case Llama3RotaryScaling llama:
                return new JsonObject
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = llama.Factor,
                    ["low_freq_factor"] = llama.LowFrequencyFactor,
                    ["high_freq_factor"] = llama.HighFrequencyFactor,
                    [OriginalContext] = llama.OriginalContextLength,
                };
            case YarnRotaryScaling yarn:
                JsonObject json = new()
                {
                    ["rope_type"] = "yarn",
                    ["factor"] = yarn.Factor,
                    [OriginalContext] = yarn.OriginalContextLength,
                    ["beta_fast"] = yarn.BetaFast,
                    ["beta_slow"] = yarn.BetaSlow,
                };
                if (yarn.AttentionFactor is { } magnitude)
                {
                    json["attention_factor"] = magnitude;
                }

                if (!yarn.Truncate)
                {
                    json["truncate"] = false;
                }

                return json;
            case FactorRotaryScaling factors:
                JsonObject longRope = new()
                {
                    ["rope_type"] = "longrope",
                    ["short_factor"] = Numbers(factors.Short),
                    ["long_factor"] = Numbers(factors.Long),
                };
                if (factors.AttentionFactor != LongRopeMagnitude(factors.OriginalContextLength, context))
                {
                    longRope["attention_factor"] = factors.AttentionFactor;
                }

                return longRope;
            default:
                return null;
        }
    }

    private static int? Dimensions(ConfigFields fields, HuggingFaceKeys keys, float share, int headSize)
    {
        string name = keys.PartialRotary.IsEmpty ? "partial_rotary_factor" : keys.PartialRotary[0];
        if (!(share > 0 && share <= 1))
        {
            throw fields.Error(name, FormattableString.Invariant($"{share} is not a share of a head between 0 and 1"));
        }

        // The small addition makes up for the rounding of a share that was written for a whole number of dimensions.
        int dimensions = (int)((headSize * (double)share) + 1e-4);
        return dimensions == headSize ? null : dimensions;
    }

    // Without attention_factor, a quotient of two magnitudes where both are given (DeepSeek), else null for the paper's.
    private static float? Magnitude(ConfigFields scaling, float factor)
    {
        if (scaling.Single("mscale") is not { } scale || scaling.Single("mscale_all_dim") is not { } all || scale == 0 || all == 0)
        {
            return null;
        }

        double Of(double weight) => factor <= 1 ? 1 : (0.1 * weight * Math.Log(factor)) + 1;
        return (float)(Of(scale) / Of(all));
    }

    private static float LongRopeMagnitude(int original, int context)
    {
        double factor = (double)context / original;
        return factor <= 1 || original <= 1 ? 1 : (float)Math.Sqrt(1 + (Math.Log(factor) / Math.Log(original)));
    }

    private static ImmutableArray<float> Divisors(ConfigFields scaling, string name) => scaling.SingleList(name) ?? throw scaling.Error(name, "it is missing");

    private static JsonArray Numbers(ImmutableArray<float> values) => new([.. values.Select(value => JsonValue.Create(value))]);
}
