using System.Collections.Immutable;
using Moiety.Experiments.Definitions;
using Moiety.Numerics.Formats;

namespace Moiety.Experiments.Serving;

/// <summary>The part of an experiment that measures how fast models decode in the engine.</summary>
public sealed record ServingPlan
{
    /// <summary>Arms whose trained models are measured.</summary>
    public required ImmutableArray<ExperimentArm> Trained { get; init; }

    /// <summary>Models of random weights that are measured.</summary>
    public required ImmutableArray<ServingShape> Shapes { get; init; }

    /// <summary>Storage format of random weights.</summary>
    public required StorageFormat Format { get; init; }

    /// <summary>Numbers of sequences that decode together.</summary>
    public required ImmutableArray<int> Batches { get; init; }

    /// <summary>Tokens in the context of each sequence before.</summary>
    public required int Depth { get; init; }

    /// <summary>Steps of a repetition.</summary>
    public required int Steps { get; init; }

    /// <summary>Repetitions.</summary>
    public required int Repetitions { get; init; }

    /// <summary>What is claimed.</summary>
    public required ImmutableArray<ServingClaim> Claims { get; init; }
}
