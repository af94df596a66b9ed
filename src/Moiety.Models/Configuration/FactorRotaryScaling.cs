using System.Collections.Immutable;

namespace Moiety.Models.Configuration;

/// <summary>
/// A divisor for every frequency: LongRoPE (arXiv 2402.13753), as in Phi-3, and the <c>rope_freqs</c> that GGUF files carry.
/// The engine uses the long divisors when its context length, an option whose default is the model's own, is beyond the original
/// context, and the short ones otherwise, as llama.cpp does: cached keys cannot change theirs when a sequence grows.
/// </summary>
public sealed record FactorRotaryScaling : RotaryScaling
{
    /// <summary>Divisors within the original context, one for each pair of dimensions.</summary>
    public required ImmutableArray<float> Short { get; init; }

    /// <summary>Divisors beyond the original context.</summary>
    public required ImmutableArray<float> Long { get; init; }

    /// <summary>Context that the model was first trained for.</summary>
    public required int OriginalContextLength { get; init; }

    /// <summary>Factor of cosines and sines.</summary>
    public float AttentionFactor { get; init; } = 1;

    /// <inheritdoc/>
    public bool Equals(FactorRotaryScaling? other) => other is not null
        && OriginalContextLength == other.OriginalContextLength
        && AttentionFactor == other.AttentionFactor
        && Short.AsSpan().SequenceEqual(other.Short.AsSpan())
        && Long.AsSpan().SequenceEqual(other.Long.AsSpan());

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(OriginalContextLength, AttentionFactor, Short.Length, Long.Length);
}
