using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>
/// Rotary positions in GGUF files: keys <c>rope.*</c>, and tensors of divisors, since Llama 3's rule and LongRoPE have no keys there.
/// A Llama 3 model comes back from GGUF with the divisors that follow from its rule.
/// </summary>
internal static class GgufRotary
{
    /// <summary>Divisors of all sequences, [rotated dimensions / 2].</summary>
    public const string Divisors = "rope_freqs.weight";

    /// <summary>Divisors of sequences beyond the original context, [rotated dimensions / 2].</summary>
    public const string LongDivisors = "rope_factors_long.weight";

    /// <summary>Divisors of sequences within the original context, [rotated dimensions / 2].</summary>
    public const string ShortDivisors = "rope_factors_short.weight";

    /// <summary>Whether a tensor holds divisors.</summary>
    public static bool IsDivisors(string name) => name is Divisors or LongDivisors or ShortDivisors;

    /// <summary>Reads the keys. Divisors in tensors are left empty: <see cref="ReadDivisors"/> fills them in.</summary>
    public static RotaryConfig Read(GgufFields fields, FamilyDefaults defaults, int headSize, int context, bool interleaved)
    {
        int dimensions = fields.Int32("rope.dimension_count") is { } count && count > 0 ? count : headSize;
        return new RotaryConfig
        {
            Theta = fields.Single("rope.freq_base") ?? defaults.Theta,
            Interleaved = interleaved,
            Dimensions = dimensions == headSize ? null : dimensions,
            Scaling = ReadScaling(fields, defaults, context),
        };
    }

    /// <summary>The scaling with the divisors that tensors hold.</summary>
    /// <param name="rotary">What <see cref="Read"/> gives.</param>
    /// <param name="read">The values of a tensor of a name, or null when there is none.</param>
    public static RotaryConfig ReadDivisors(RotaryConfig rotary, Func<string, float[]?> read) => rotary.Scaling is not FactorRotaryScaling factors
        ? rotary
        : rotary with
        {
            Scaling = factors with
            {
                Short = [.. read(Divisors) ?? read(ShortDivisors) ?? read(LongDivisors) ?? []],
                Long = [.. read(Divisors) ?? read(LongDivisors) ?? read(ShortDivisors) ?? []],
            },
        };

    /// <summary>Writes the keys.</summary>
    /// <param name="rotary">The positions.</param>
    /// <param name="headSize">Elements of a head that may be rotated.</param>
    /// <param name="defaults">What absent keys mean.</param>
    /// <param name="set">Sets a key of the architecture.</param>
    public static void Write(RotaryConfig rotary, int headSize, FamilyDefaults defaults, Action<string, GgufValue> set)
    {
        set("rope.dimension_count", GgufValue.OfSize(rotary.Dimensions ?? headSize));
        set("rope.freq_base", GgufValue.Of(rotary.Theta));
        switch (rotary.Scaling)
        {
            case LinearRotaryScaling linear:
                set("rope.scaling.type", GgufValue.Of("linear"));
                set("rope.scaling.factor", GgufValue.Of(linear.Factor));
                break;
            case YarnRotaryScaling yarn:
                set("rope.scaling.type", GgufValue.Of("yarn"));
                set("rope.scaling.factor", GgufValue.Of(yarn.Factor));
                set("rope.scaling.original_context_length", GgufValue.OfSize(yarn.OriginalContextLength));
                set("rope.scaling.yarn_beta_fast", GgufValue.Of(yarn.BetaFast));
                set("rope.scaling.yarn_beta_slow", GgufValue.Of(yarn.BetaSlow));
                if (yarn.AttentionFactor is { } magnitude)
                {
                    // llama.cpp multiplies the paper's magnitude by this factor; the other key is what its converters write and is exact.
                    set("rope.scaling.attn_factor", GgufValue.Of((float)(magnitude / Magnitude(yarn.Factor))));
                    set("rope.scaling.yarn_attn_factor", GgufValue.Of(magnitude));
                }

                if (yarn.Truncate != defaults.TruncatesYarn)
                {
                    set("rope.scaling.yarn_truncate", GgufValue.Of(yarn.Truncate));
                }

                break;
            case FactorRotaryScaling factors when !IsOneList(factors):
                set("rope.scaling.type", GgufValue.Of("longrope"));
                set("rope.scaling.original_context_length", GgufValue.OfSize(factors.OriginalContextLength));
                set("rope.scaling.attn_factor", GgufValue.Of(factors.AttentionFactor));
                break;
            default:
                break;
        }
    }

    /// <summary>The tensors of divisors that the scaling needs.</summary>
    /// <param name="rotary">The positions.</param>
    /// <param name="headSize">Elements of a head that may be rotated.</param>
    public static IEnumerable<(string Name, ImmutableArray<float> Values)> WriteDivisors(RotaryConfig rotary, int headSize) => rotary.Scaling switch
    {
        Llama3RotaryScaling llama => [(Divisors, Llama3Divisors(llama, rotary.Theta, rotary.Dimensions ?? headSize))],
        FactorRotaryScaling factors when IsOneList(factors) => [(Divisors, factors.Long)],
        FactorRotaryScaling factors => [(LongDivisors, factors.Long), (ShortDivisors, factors.Short)],
        _ => [],
    };

    /// <summary>The positions as they come back from a GGUF file.</summary>
    public static RotaryConfig Normalize(RotaryConfig rotary, int headSize, int context) => rotary.Scaling switch
    {
        Llama3RotaryScaling llama when Llama3Divisors(llama, rotary.Theta, rotary.Dimensions ?? headSize) is var divisors =>
            rotary with { Scaling = new FactorRotaryScaling { Short = divisors, Long = divisors, OriginalContextLength = context } },
        FactorRotaryScaling factors when IsOneList(factors) => rotary with { Scaling = factors with { OriginalContextLength = context } },
        _ => rotary,
    };

    private static bool IsOneList(FactorRotaryScaling factors) => factors.AttentionFactor == 1 && factors.Short.AsSpan().SequenceEqual(factors.Long.AsSpan());

    private static RotaryScaling? ReadScaling(GgufFields fields, FamilyDefaults defaults, int context)
    {
        string? type = fields.Text("rope.scaling.type");
        float factor = fields.Single("rope.scaling.factor") ?? fields.Single("rope.scale_linear") ?? 1;
        int original = fields.Int32("rope.scaling.original_context_length") is { } length && length > 0 ? length : context;
        float? attention = fields.Single("rope.scaling.attn_factor");
        float? magnitude = fields.Single("rope.scaling.yarn_attn_factor");
        float betaFast = fields.Single("rope.scaling.yarn_beta_fast") ?? 32;
        float betaSlow = fields.Single("rope.scaling.yarn_beta_slow") ?? 1;
        bool truncate = fields.Boolean("rope.scaling.yarn_truncate") ?? defaults.TruncatesYarn;
        if (fields.Single("rope.scaling.yarn_ext_factor") is { } extrapolation && extrapolation is not (1 or -1))
        {
            throw fields.Error("rope.scaling.yarn_ext_factor", FormattableString.Invariant($"{extrapolation} is not supported; 1 is expected"));
        }

        bool one = fields.HasTensor(Divisors);
        if (one || fields.HasTensor(LongDivisors) || fields.HasTensor(ShortDivisors))
        {
            return type is not ("linear" or "yarn") && factor == 1
                ? new FactorRotaryScaling { Short = [], Long = [], OriginalContextLength = original, AttentionFactor = attention ?? 1 }
                : throw fields.Error("rope.scaling.type", $"\"{type ?? "linear"}\" together with a tensor of divisors is not supported");
        }

        // A factor without a type means linear scaling in files of 2023.
        return (type ?? "linear") switch
        {
            "none" => null,
            "linear" => factor is 1 or 0 ? null : new LinearRotaryScaling(factor),
            "yarn" => new YarnRotaryScaling(factor, original)
            {
                BetaFast = betaFast,
                BetaSlow = betaSlow,
                AttentionFactor = magnitude ?? (attention is { } times ? (float)(times * Magnitude(factor)) : null),
                Truncate = truncate,
            },
            "longrope" => throw fields.Error("rope.scaling.type", $"\"longrope\" calls for the tensors \"{LongDivisors}\" and \"{ShortDivisors}\""),
            var other => throw fields.Error("rope.scaling.type", $"\"{other}\" is not supported; known: none, linear, yarn, longrope"),
        };
    }

    private static double Magnitude(float factor) => factor <= 1 ? 1 : (0.1 * Math.Log(factor)) + 1;

    private static ImmutableArray<float> Llama3Divisors(Llama3RotaryScaling scaling, float theta, int dimensions)
    {
        float[] divisors = new float[dimensions / 2];
        for (int pair = 0; pair < divisors.Length; pair++)
        {
            double length = 2 * Math.PI * Math.Pow(theta, 2.0 * pair / dimensions);
            double turns = scaling.OriginalContextLength / length;
            double smooth = (turns - scaling.LowFrequencyFactor) / (scaling.HighFrequencyFactor - scaling.LowFrequencyFactor);
            divisors[pair] = (float)(1 / (((1 - Math.Clamp(smooth, 0, 1)) / scaling.Factor) + Math.Clamp(smooth, 0, 1)));
        }

        return [.. divisors];
    }
}
