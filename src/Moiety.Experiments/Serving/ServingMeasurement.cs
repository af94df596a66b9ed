using System.Collections.Immutable;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Serving;

/// <summary>How fast a model decodes some sequences together.</summary>
public sealed record ServingMeasurement
{
    /// <summary>Name of the model.</summary>
    public required string Model { get; init; }

    /// <summary>Whether it was trained; otherwise its weights are random.</summary>
    public required bool IsTrained { get; init; }

    /// <summary>All parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Parameters that one token's forward pass multiplies with.</summary>
    public required long ActiveParameters { get; init; }

    /// <summary>Sequences that decode together: tokens of a step.</summary>
    public required int Batch { get; init; }

    /// <summary>
    /// Bytes that a step reads: keys and values, and the weights, of which the experts as many as the batch visits when routing is even.
    /// </summary>
    public required double BytesPerStep { get; init; }

    /// <summary>Mean seconds of a step, per repetition. Repetitions of all models alternate, so that those of equal number are pairs.</summary>
    public required ImmutableArray<double> StepSeconds { get; init; }

    /// <summary>Seconds of a step: the latency of a token.</summary>
    public Interval Latency => Interval.OfRatios(StepSeconds);

    /// <summary>Tokens per second of all sequences together.</summary>
    public double TokensPerSecond => Batch / Latency.Mean;

    /// <summary>Bytes read per token.</summary>
    public double BytesPerToken => BytesPerStep / Batch;

    /// <summary>Bytes read per second.</summary>
    public double BytesPerSecond => BytesPerStep / Latency.Mean;

    /// <summary>How many times longer a step takes than one of another model, repetition by repetition.</summary>
    /// <param name="other">Measured in the same run.</param>
    public Interval TimesOf(ServingMeasurement other)
    {
        ArgumentNullException.ThrowIfNull(other);
        return Interval.OfRatios([.. StepSeconds.Zip(other.StepSeconds, (own, others) => own / others)]);
    }
}
