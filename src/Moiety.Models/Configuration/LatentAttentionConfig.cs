namespace Moiety.Models.Configuration;

/// <summary>
/// Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434): keys and values are projected up from one small vector per token, and
/// a rotary part of the key is shared by all heads. <see cref="ModelConfig.HeadSize"/> is the sum of the two query parts.
/// </summary>
public sealed record LatentAttentionConfig
{
    /// <summary>Width of the compressed query, or 0 when queries are projected directly (DeepSeek-V2-Lite).</summary>
    public required int QueryRank { get; init; }

    /// <summary>Width of the compressed keys and values, which is what the cache holds beside the rotary key.</summary>
    public required int KeyValueRank { get; init; }

    /// <summary>Elements of a query or key head without position; they come first.</summary>
    public required int PlainHeadSize { get; init; }

    /// <summary>Elements of a query or key head that are rotated; they come last.</summary>
    public required int RotaryHeadSize { get; init; }

    /// <summary>Elements of a value head.</summary>
    public required int ValueHeadSize { get; init; }
}
