using System.Collections.Immutable;

namespace Moiety.Evaluation.Speed;

/// <summary>How fast one kind of work ran.</summary>
/// <param name="Kind"><c>prefill</c> or <c>decode</c>.</param>
/// <param name="Depth">Tokens in the context before.</param>
/// <param name="Tokens">Tokens computed in one repetition.</param>
/// <param name="Seconds">How long each repetition took, fastest first.</param>
/// <param name="BytesPerToken">Bytes of weights, keys and values that decoding a token reads; null for prefill, where tokens share them.</param>
public sealed record SpeedMeasurement(string Kind, int Depth, int Tokens, ImmutableArray<double> Seconds, double? BytesPerToken)
{
    /// <summary>Tokens per second of the median repetition.</summary>
    public double TokensPerSecond => Tokens / Median;

    /// <summary>Tokens per second of the fastest repetition.</summary>
    public double Best => Tokens / Seconds[0];

    /// <summary>Tokens per second of the slowest repetition.</summary>
    public double Worst => Tokens / Seconds[^1];

    /// <summary>Bytes read per second at the median, or null.</summary>
    public double? BytesPerSecond => BytesPerToken * TokensPerSecond;

    private double Median => (Seconds[(Seconds.Length - 1) / 2] + Seconds[Seconds.Length / 2]) / 2;
}
