using System.Globalization;
using Moiety.Models.Configuration;

namespace Moiety.Cli.Displays;

/// <summary>An architecture in words: what <c>moiety inspect</c> says about each part. What is as in Llama is left unsaid.</summary>
internal static class ArchitectureText
{
    /// <summary>Heads, and what attention has beyond them.</summary>
    public static string Attention(ModelConfig config)
    {
        AttentionConfig attention = config.Attention;
        string heads = attention.Latent is { } latent
            ? $"{config.HeadCount} heads over a latent vector of {latent.KeyValueRank} + {latent.RotaryHeadSize}, {config.HeadSize} wide, values {latent.ValueHeadSize}"
            : $"{config.HeadCount} query heads, {config.KeyValueHeadCount} key-value heads, {config.HeadSize} wide";
        return Join(
            heads,
            attention.QueryKeyValueBias ? "biases" : null,
            attention.QueryKeyNorm == QueryKeyNorm.None ? null : "normed queries and keys",
            attention.Scale is { } scale ? $"scale {Number(scale)}" : null,
            attention.LogitSoftCap > 0 ? $"scores capped at {Number(attention.LogitSoftCap)}" : null,
            attention.ClipQueryKeyValue > 0 ? $"clipped at {Number(attention.ClipQueryKeyValue)}" : null,
            attention.Sinks ? "sinks" : null,
            Windows(config));
    }

    /// <summary>How the model knows where a token stands.</summary>
    public static string Positions(ModelConfig config) => Join(
        config.Rotary is { } rotary ? Rotary(rotary, config) : null,
        config.LayerAttentions.Select(layer => layer.Rotary).Where(local => local is not null && local != config.Rotary).Distinct().Select(local => $"theta {Number(local!.Theta)} in some layers").FirstOrDefault(),
        config.LayerAttentions.Count(layer => layer.Rotary is null) is > 0 and int without && config.Rotary is not null ? $"none in {without} layers" : null,
        config.LearnedPositions > 0 ? "learned" : null,
        config.Attention.AlibiMaxBias > 0 ? "ALiBi" : null,
        config.Attention.RelativeBias is { } bias ? $"biases by distance in {bias.BucketCount} buckets" : null,
        config.Attention.Disentangled is { } disentangled ? $"disentangled, {2 * disentangled.Span} relative ones" : null,
        $"{config.ContextLength:#,0} tokens");

    /// <summary>Kind and place of the norms.</summary>
    public static string Norms(ModelConfig config)
    {
        string kind = config.Norm switch
        {
            NormKind.Rms => "RMSNorm",
            NormKind.Layer => "LayerNorm",
            NormKind.LayerWithoutBias => "LayerNorm without bias",
            _ => "LayerNorm without parameters",
        };
        string place = config.NormPlacement switch
        {
            NormPlacement.Pre => "before each part",
            NormPlacement.Post => "after each addition",
            NormPlacement.Output => "on the output of each part",
            NormPlacement.Sandwich => "before and after each part",
            NormPlacement.Parallel => "one before attention and feed-forward, which run in parallel",
            _ => "before attention and before the feed-forward, which run in parallel",
        };
        return $"{kind}, {place}";
    }

    /// <summary>A layer's feed-forward.</summary>
    public static string FeedForward(FeedForwardConfig feedForward) => feedForward.Moe is not { } moe
        ? Join($"dense, {feedForward.IntermediateSize} wide", Activation(feedForward.Activation))
        : Join(
            $"{moe.ExpertCount} experts, top {moe.TopK}, {moe.ExpertIntermediateSize} wide",
            Activation(feedForward.Activation),
            moe.Gating == GatingKind.Softmax ? null : $"{moe.Gating.ToString().ToLowerInvariant()} gating",
            moe.GroupCount > 1 ? $"from {moe.GroupTopK} of {moe.GroupCount} groups" : null,
            moe.SharedIntermediateSize > 0 ? $"beside shared experts, {moe.SharedIntermediateSize} wide" : null,
            moe.Residual ? $"beside a fixed MLP, {feedForward.IntermediateSize} wide" : null);

    private static string Rotary(RotaryConfig rotary, ModelConfig config) => Join(
        $"rotary, theta {Number(rotary.Theta)}",
        rotary.Dimensions is { } dimensions && dimensions != config.HeadSize ? $"{dimensions} of {config.HeadSize} elements" : null,
        rotary.Scaling switch
        {
            LinearRotaryScaling linear => $"interpolated {Number(linear.Factor)} times",
            Llama3RotaryScaling llama => $"Llama 3 scaling of {llama.OriginalContextLength:#,0} tokens {Number(llama.Factor)} times",
            YarnRotaryScaling yarn => $"YaRN of {yarn.OriginalContextLength:#,0} tokens {Number(yarn.Factor)} times",
            FactorRotaryScaling factors => $"a factor for each frequency beyond {factors.OriginalContextLength:#,0} tokens",
            _ => null,
        });

    private static string? Windows(ModelConfig config)
    {
        int[] windows = [.. config.LayerAttentions.Select(layer => layer.Window).Where(window => window > 0)];
        string sizes = string.Join(" or ", windows.Distinct().Select(window => window.ToString("#,0", CultureInfo.InvariantCulture)));
        return windows.Length == 0 ? null
            : windows.Length == config.LayerCount ? $"window of {sizes} tokens"
            : $"window of {sizes} tokens in {windows.Length} of {config.LayerCount} layers";
    }

    private static string? Activation(Activation activation) => activation switch
    {
        Models.Configuration.Activation.SiluGated => null,
        Models.Configuration.Activation.GeluGated or Models.Configuration.Activation.GeluTanhGated => "GeGLU",
        Models.Configuration.Activation.ClampedSiluGated => "clamped SwiGLU",
        Models.Configuration.Activation.Gelu or Models.Configuration.Activation.GeluTanh => "GELU",
        Models.Configuration.Activation.Relu => "ReLU",
        _ => "squared ReLU",
    };

    private static string Number(float value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static string Join(params ReadOnlySpan<string?> parts)
    {
        List<string> said = [];
        foreach (string? part in parts)
        {
            if (part is not null)
            {
                said.Add(part);
            }
        }

        return string.Join(", ", said);
    }
}
