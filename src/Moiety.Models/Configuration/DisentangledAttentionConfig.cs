namespace Moiety.Models.Configuration;

/// <summary>
/// Disentangled attention (DeBERTa, arXiv 2006.03654): beside content with content, queries meet an embedding of the relative position of
/// a key, and keys one of the relative position of a query. All parts of a score have the factor <see cref="AttentionConfig.Scale"/>.
/// </summary>
public sealed record DisentangledAttentionConfig
{
    /// <summary>
    /// Buckets on each side, of which the inner half are single distances and the outer half widen with the logarithm (version 3); 0 when
    /// every distance up to <see cref="MaxDistance"/> has an embedding of its own.
    /// </summary>
    public int BucketCount { get; init; }

    /// <summary>Farther positions are treated as if they were here.</summary>
    public required int MaxDistance { get; init; }

    /// <summary>Whether a query's content meets the position of the key.</summary>
    public required bool ContentToPosition { get; init; }

    /// <summary>Whether a key's content meets the position of the query.</summary>
    public required bool PositionToContent { get; init; }

    /// <summary>Whether positions go through the projections of queries and keys instead of their own.</summary>
    public bool SharedProjections { get; init; }

    /// <summary>Whether a LayerNorm stands between the embedding of positions and the projections.</summary>
    public bool Norm { get; init; }

    /// <summary>Half the rows of the embedding of positions: row span + r is of relative position r.</summary>
    public int Span => BucketCount > 0 ? BucketCount : MaxDistance;
}
