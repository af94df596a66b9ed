using System.Collections.Immutable;

namespace Moiety.Models.Configuration;

/// <summary>The rules of what attention has beyond its sizes: positions, windows, latent projections.</summary>
internal static class AttentionConfigValidator
{
    /// <summary>The first broken rule, or null. Layers and heads have been checked.</summary>
    public static (string Field, string Reason)? FindError(ModelConfig config) =>
        Layers(config) ?? Scores(config.Attention) ?? RelativePositions(config) ?? (config.Attention.Latent is { } latent ? Latent(config, latent) : null);

    private static (string, string)? Layers(ModelConfig config)
    {
        if (config.LayerAttentions.IsDefault || config.LayerAttentions.Length != 0 && config.LayerAttentions.Length != config.LayerCount)
        {
            return ("attention of the layers", $"{(config.LayerAttentions.IsDefault ? 0 : config.LayerAttentions.Length)} entries for {config.LayerCount} layers");
        }

        foreach (LayerAttention layer in config.LayerAttentions)
        {
            if (layer.Window < 0)
            {
                return ("sliding window", $"{layer.Window} is negative");
            }

            if (layer.Rotary is { } local && Rotary(config, local) is { } error)
            {
                return error;
            }
        }

        return config.Rotary is { } rotary ? Rotary(config, rotary) : null;
    }

    private static (string, string)? Rotary(ModelConfig config, RotaryConfig rotary)
    {
        if (!(rotary.Theta > 0) || !float.IsFinite(rotary.Theta))
        {
            return ("rotary theta", $"{rotary.Theta} is not a positive number");
        }

        int head = config.Attention.Latent?.RotaryHeadSize ?? config.HeadSize;
        int dimensions = rotary.Dimensions ?? head;
        if (dimensions % 2 != 0)
        {
            return rotary.Dimensions is null
                ? ("head size", $"{head} is odd; rotary positions turn pairs, so it must be even")
                : ("rotary dimensions", $"{dimensions} is odd; rotary positions turn pairs, so it must be even");
        }

        if (dimensions < 2 || dimensions > head)
        {
            return ("rotary dimensions", $"{dimensions} is not between 2 and the head size {head}");
        }

        return rotary.Scaling switch
        {
            LinearRotaryScaling linear => Factor(linear.Factor),
            Llama3RotaryScaling llama => Factor(llama.Factor) ?? Original(llama.OriginalContextLength)
                ?? (llama.LowFrequencyFactor > 0 && llama.HighFrequencyFactor > llama.LowFrequencyFactor && float.IsFinite(llama.HighFrequencyFactor)
                    ? null : ("rotary scaling", $"the frequency factors {llama.LowFrequencyFactor} and {llama.HighFrequencyFactor} are not rising positive numbers")),
            YarnRotaryScaling yarn => Factor(yarn.Factor) ?? Original(yarn.OriginalContextLength) ?? Finite(yarn.AttentionFactor ?? 1)
                ?? (yarn.BetaFast > 0 && yarn.BetaSlow > 0 && float.IsFinite(yarn.BetaFast) && float.IsFinite(yarn.BetaSlow)
                    ? null : ("rotary scaling", $"beta_fast {yarn.BetaFast} and beta_slow {yarn.BetaSlow} are not positive numbers")),
            FactorRotaryScaling factors => Factors(factors, dimensions / 2),
            _ => null,
        };
    }

    private static (string, string)? Factors(FactorRotaryScaling scaling, int pairs)
    {
        foreach (ImmutableArray<float> divisors in (ReadOnlySpan<ImmutableArray<float>>)[scaling.Short, scaling.Long])
        {
            if (divisors.IsDefault || divisors.Length != pairs)
            {
                return ("rotary scaling", $"{(divisors.IsDefault ? 0 : divisors.Length)} divisors for {pairs} pairs of dimensions");
            }

            foreach (float divisor in divisors)
            {
                if (!(divisor > 0) || !float.IsFinite(divisor))
                {
                    return ("rotary scaling", $"the divisor {divisor} is not a positive number");
                }
            }
        }

        return Original(scaling.OriginalContextLength) ?? Finite(scaling.AttentionFactor);
    }

    private static (string, string)? Factor(float factor) =>
        factor > 0 && float.IsFinite(factor) ? null : ("rotary scaling", $"the factor {factor} is not a positive number");

    private static (string, string)? Original(int length) =>
        length > 0 ? null : ("rotary scaling", $"the original context {length} is not positive");

    private static (string, string)? Finite(float factor) =>
        float.IsFinite(factor) && factor > 0 ? null : ("rotary scaling", $"the attention factor {factor} is not a positive number");

    private static (string, string)? Scores(AttentionConfig attention)
    {
        if (attention.Scale is { } scale && (!float.IsFinite(scale) || scale <= 0))
        {
            return ("scale of the attention scores", $"{scale} is not a positive number");
        }

        foreach ((string field, float value) in (ReadOnlySpan<(string, float)>)[
            ("soft cap of the attention scores", attention.LogitSoftCap), ("clip_qkv", attention.ClipQueryKeyValue), ("largest ALiBi bias", attention.AlibiMaxBias)])
        {
            if (!float.IsFinite(value) || value < 0)
            {
                return (field, $"{value} is not a positive number, and not 0 for none");
            }
        }

        return null;
    }

    private static (string, string)? RelativePositions(ModelConfig config)
    {
        AttentionConfig attention = config.Attention;
        if (attention.RelativeBias is { } bias)
        {
            // Half of the buckets are for keys ahead, half of the rest for single distances.
            if (bias.BucketCount is < 4 or > ModelConfigValidator.MaxWidth || bias.BucketCount % 4 != 0)
            {
                return ("relative attention buckets", $"{bias.BucketCount} is not a multiple of 4 between 4 and {ModelConfigValidator.MaxWidth}");
            }

            if (bias.MaxDistance <= bias.BucketCount / 4 || bias.MaxDistance > ModelConfigValidator.MaxWidth)
            {
                return ("largest relative distance", $"{bias.MaxDistance} is not between {(bias.BucketCount / 4) + 1} and {ModelConfigValidator.MaxWidth}");
            }
        }

        if (attention.Disentangled is not { } disentangled)
        {
            return null;
        }

        if (config.KeyValueHeadCount != config.HeadCount || attention.Latent is not null)
        {
            return ("number of key-value heads", "disentangled attention has as many as query heads, and no latent projections");
        }

        if (disentangled.BucketCount is < 0 or > ModelConfigValidator.MaxWidth || disentangled.BucketCount is > 0 and < 4)
        {
            return ("position buckets", $"{disentangled.BucketCount} is neither 0 nor between 4 and {ModelConfigValidator.MaxWidth}");
        }

        return disentangled.MaxDistance > disentangled.BucketCount / 2 && disentangled.MaxDistance <= ModelConfigValidator.MaxWidth
            ? null
            : ("largest relative position", $"{disentangled.MaxDistance} is not between {(disentangled.BucketCount / 2) + 1} and {ModelConfigValidator.MaxWidth}");
    }

    private static (string, string)? Latent(ModelConfig config, LatentAttentionConfig latent)
    {
        if (latent.QueryRank is < 0 or > ModelConfigValidator.MaxWidth)
        {
            return ("query rank", $"{latent.QueryRank} is not between 0 and {ModelConfigValidator.MaxWidth}");
        }

        if ((ModelConfigValidator.Size("key-value rank", latent.KeyValueRank, ModelConfigValidator.MaxWidth)
            ?? ModelConfigValidator.Size("plain head size", latent.PlainHeadSize, ModelConfigValidator.MaxWidth)
            ?? ModelConfigValidator.Size("rotary head size", latent.RotaryHeadSize, ModelConfigValidator.MaxWidth)
            ?? ModelConfigValidator.Size("value head size", latent.ValueHeadSize, ModelConfigValidator.MaxWidth)) is { } error)
        {
            return error;
        }

        if (latent.PlainHeadSize + latent.RotaryHeadSize != config.HeadSize)
        {
            return ("head size", $"{config.HeadSize} is not the sum of the plain {latent.PlainHeadSize} and the rotary {latent.RotaryHeadSize} elements");
        }

        if ((long)config.HeadCount * (latent.KeyValueRank + latent.RotaryHeadSize) > 16L * ModelConfigValidator.MaxWidth)
        {
            return ("key-value rank", $"{config.HeadCount} heads of {latent.KeyValueRank} elements are wider than the limit of {16L * ModelConfigValidator.MaxWidth}");
        }

        AttentionConfig attention = config.Attention;
        if (attention.QueryKeyValueBias || attention.QueryKeyNorm != QueryKeyNorm.None || attention.ClipQueryKeyValue > 0)
        {
            return ("latent attention", "its projections have no biases, norms or clamps but their own");
        }

        return (long)config.HeadCount * (latent.PlainHeadSize + latent.ValueHeadSize) <= ModelConfigValidator.MaxWidth
            ? null
            : ("value head size", $"{config.HeadCount} heads of {latent.PlainHeadSize} and {latent.ValueHeadSize} elements are wider than the limit of {ModelConfigValidator.MaxWidth}");
    }
}
