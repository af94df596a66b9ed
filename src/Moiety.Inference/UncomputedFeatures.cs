using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Inference;

/// <summary>What the engine refuses because it does not compute it, by the names of <see cref="ConfigFeatures"/>.</summary>
internal static class UncomputedFeatures
{
    /// <summary>The names.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        nameof(LayerAttention.Window),
        "no rotary positions",
        nameof(ModelConfig.LayerAttentions),
        nameof(RotaryConfig.Scaling),
        nameof(RotaryConfig.Dimensions),
        nameof(AttentionConfig.QueryKeyValueBias),
        nameof(AttentionConfig.OutputBias),
        nameof(AttentionConfig.QueryKeyNorm),
        nameof(AttentionConfig.Scale),
        "attention " + nameof(AttentionConfig.LogitSoftCap),
        nameof(AttentionConfig.ClipQueryKeyValue),
        nameof(AttentionConfig.Sinks),
        nameof(AttentionConfig.AlibiMaxBias),
        nameof(AttentionConfig.RelativeBias),
        nameof(AttentionConfig.Disentangled),
        nameof(AttentionConfig.Latent),
        nameof(ModelConfig.LogitSoftCap),
        nameof(ModelConfig.Classifier),
    ];
}
