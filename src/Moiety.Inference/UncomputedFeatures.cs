using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Inference;

/// <summary>What the engine refuses because it does not compute it, by the names of <see cref="ConfigFeatures"/>.</summary>
internal static class UncomputedFeatures
{
    /// <summary>The names.</summary>
    public static ImmutableArray<string> Names { get; } =
    [
        nameof(AttentionConfig.RelativeBias),
        nameof(AttentionConfig.Disentangled),
        nameof(ModelConfig.Classifier),
    ];
}
