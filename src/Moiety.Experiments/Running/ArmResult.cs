using System.Collections.Immutable;

namespace Moiety.Experiments.Running;

/// <summary>What came out of training one arm with one seed.</summary>
public sealed record ArmResult
{
    /// <summary>Name of the arm.</summary>
    public required string Arm { get; init; }

    /// <summary>Seed of initialization, order of the data and drops.</summary>
    public required long Seed { get; init; }

    /// <summary>Hash of everything that the training depends on; the name of its folder.</summary>
    public required string Key { get; init; }

    /// <summary>All parameters.</summary>
    public required long Parameters { get; init; }

    /// <summary>Parameters that one token's forward pass multiplies with.</summary>
    public required long ActiveParameters { get; init; }

    /// <summary>Parameters of all routed experts.</summary>
    public required long ExpertParameters { get; init; }

    /// <summary>Layers of the model.</summary>
    public required int Layers { get; init; }

    /// <summary>Operations per token of training: forward and backward pass, attention and head included; without a teacher's.</summary>
    public required double FlopsPerToken { get; init; }

    /// <summary>Operations of the whole training, those of a teacher's forward passes included.</summary>
    public required double TrainingFlops { get; init; }

    /// <summary>Tokens trained on.</summary>
    public required long Tokens { get; init; }

    /// <summary>Wall time of the training steps.</summary>
    public required double Seconds { get; init; }

    /// <summary>Processor time of the training steps, all threads together.</summary>
    public required double ProcessorSeconds { get; init; }

    /// <summary>Threads that trained.</summary>
    public required int Threads { get; init; }

    /// <summary>Held-out cross-entropy at the end, in nats per token, dropless.</summary>
    public required double Loss { get; init; }

    /// <summary>The same with tokens dropped at the capacity.</summary>
    public required double LossWithDrops { get; init; }

    /// <summary>Share of the choices that were dropped in the last quarter of the training.</summary>
    public required double Dropped { get; init; }

    /// <summary>Load of the experts in the last quarter of the training, per routed layer.</summary>
    public required ImmutableArray<ExpertLoad> ExpertLoads { get; init; }

    /// <summary>Held-out loss over the training.</summary>
    public required ImmutableArray<CurvePoint> Curve { get; init; }
}
