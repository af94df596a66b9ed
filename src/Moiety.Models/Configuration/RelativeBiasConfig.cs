namespace Moiety.Models.Configuration;

/// <summary>
/// Learned biases of attention scores by distance, one for each head, shared by all layers (T5, arXiv 1910.10683; MPNet). Half of the
/// buckets are for keys ahead of the query, half for the others; of each half, one half is for single distances, the rest widens with
/// the logarithm up to <see cref="MaxDistance"/>, and its last bucket takes all that is farther.
/// </summary>
public sealed record RelativeBiasConfig
{
    /// <summary>Number of buckets, a multiple of 4.</summary>
    public required int BucketCount { get; init; }

    /// <summary>Distance from which on the last bucket is used.</summary>
    public required int MaxDistance { get; init; }
}
