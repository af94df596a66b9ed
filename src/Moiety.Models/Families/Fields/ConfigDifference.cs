using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Families.Fields;

/// <summary>Names what differs between a configuration and what came back from a file that was meant to say it.</summary>
internal static class ConfigDifference
{
    /// <summary>The first difference in the words of the configuration, or null when there is none.</summary>
    public static string? Find(ModelConfig wanted, ModelConfig found)
    {
        if (wanted == found)
        {
            return null;
        }

        foreach ((string name, object? expected, object? actual) in Properties(wanted, found))
        {
            if (!Equals(expected, actual))
            {
                return FormattableString.Invariant($"{name} {Show(actual)} (here: {Show(expected)})");
            }
        }

        return Lists(wanted, found);
    }

    private static IEnumerable<(string, object?, object?)> Properties(ModelConfig a, ModelConfig b) =>
    [
        (nameof(a.VocabularySize), a.VocabularySize, b.VocabularySize),
        (nameof(a.HiddenSize), a.HiddenSize, b.HiddenSize),
        (nameof(a.HeadCount), a.HeadCount, b.HeadCount),
        (nameof(a.KeyValueHeadCount), a.KeyValueHeadCount, b.KeyValueHeadCount),
        (nameof(a.HeadSize), a.HeadSize, b.HeadSize),
        (nameof(a.ContextLength), a.ContextLength, b.ContextLength),
        (nameof(a.NormEpsilon), a.NormEpsilon, b.NormEpsilon),
        (nameof(a.Norm), a.Norm, b.Norm),
        (nameof(a.NormPlacement), a.NormPlacement, b.NormPlacement),
        (nameof(a.FinalNorm), a.FinalNorm, b.FinalNorm),
        (nameof(a.Rotary), a.Rotary, b.Rotary),
        (nameof(a.Attention), a.Attention, b.Attention),
        (nameof(a.LearnedPositions), a.LearnedPositions, b.LearnedPositions),
        (nameof(a.PositionOffset), a.PositionOffset, b.PositionOffset),
        (nameof(a.TokenTypeCount), a.TokenTypeCount, b.TokenTypeCount),
        (nameof(a.EmbeddingNorm), a.EmbeddingNorm, b.EmbeddingNorm),
        (nameof(a.EmbeddingScale), a.EmbeddingScale, b.EmbeddingScale),
        (nameof(a.EmbeddingSize), a.EmbeddingSize, b.EmbeddingSize),
        (nameof(a.ResidualScale), a.ResidualScale, b.ResidualScale),
        (nameof(a.LogitScale), a.LogitScale, b.LogitScale),
        (nameof(a.LogitSoftCap), a.LogitSoftCap, b.LogitSoftCap),
        (nameof(a.HeadBias), a.HeadBias, b.HeadBias),
        (nameof(a.IsEncoder), a.IsEncoder, b.IsEncoder),
        (nameof(a.TieWordEmbeddings), a.TieWordEmbeddings, b.TieWordEmbeddings),
        (nameof(a.BosTokenId), a.BosTokenId, b.BosTokenId),
    ];

    private static string Lists(ModelConfig wanted, ModelConfig found)
    {
        if (First(wanted.FeedForwards, found.FeedForwards) is { } layer)
        {
            return layer;
        }

        return wanted.EosTokenIds.AsSpan().SequenceEqual(found.EosTokenIds.AsSpan())
            ? First(Attentions(wanted), Attentions(found)) ?? nameof(ModelConfig.LayerAttentions)
            : nameof(ModelConfig.EosTokenIds);
    }

    private static ImmutableArray<LayerAttention> Attentions(ModelConfig config) => [.. Enumerable.Range(0, config.LayerCount).Select(config.AttentionOf)];

    private static string? First<T>(ImmutableArray<T> wanted, ImmutableArray<T> found)
    {
        for (int layer = 0; layer < Math.Min(wanted.Length, found.Length); layer++)
        {
            if (!Equals(wanted[layer], found[layer]))
            {
                return FormattableString.Invariant($"layer {layer} {found[layer]} (here: {wanted[layer]})");
            }
        }

        return wanted.Length == found.Length ? null : FormattableString.Invariant($"{found.Length} layers (here: {wanted.Length})");
    }

    private static string Show(object? value) => value?.ToString() ?? "none";
}
