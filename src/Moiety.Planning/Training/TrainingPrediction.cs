using System.Collections.Immutable;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;

namespace Moiety.Planning.Training;

/// <summary>What training a model on a cluster will need and take.</summary>
public sealed record TrainingPrediction
{
    /// <summary>The model.</summary>
    public required ModelCost Model { get; init; }

    /// <summary>The devices.</summary>
    public required Cluster Cluster { get; init; }

    /// <summary>How the model is divided.</summary>
    public required ParallelLayout Layout { get; init; }

    /// <summary>The training.</summary>
    public required TrainingWorkload Workload { get; init; }

    /// <summary>Bytes of a device.</summary>
    public required TrainingMemory Memory { get; init; }

    /// <summary>How devices exchange tokens.</summary>
    public required AllToAllKind Kind { get; init; }

    /// <summary>The exchanges of a step, for each kind that the layout allows.</summary>
    public required ImmutableSortedDictionary<AllToAllKind, CollectiveCost> Exchanges { get; init; }

    /// <summary>Operations of a step on all devices, without what is computed again.</summary>
    public required double StepFlops { get; init; }

    /// <summary>Seconds of computing, with what is computed again.</summary>
    public required double ComputeSeconds { get; init; }

    /// <summary>Seconds for the all-reduces of tensor slicing.</summary>
    public required double TensorSeconds { get; init; }

    /// <summary>Micro-batches that a replica computes one after another in a step.</summary>
    public required double Rounds { get; init; }

    /// <summary>Seconds for the all-reduces of gradients: all but the experts' over W / L replicas, the experts' over dp_l copies.</summary>
    public required double GradientSumSeconds { get; init; }

    /// <summary>Seconds of the optimizer, which reads and writes weights, gradients and states.</summary>
    public required double OptimizerSeconds { get; init; }

    /// <summary>
    /// Of <see cref="GradientSumSeconds"/>, what the backward pass of the last micro-batch does not hide: gradients are sent as soon as
    /// they are there, and that pass is two thirds of the computing.
    /// </summary>
    public double GradientSeconds => Math.Max(0, GradientSumSeconds - (2.0 / 3 * ComputeSeconds / Rounds));

    /// <summary>Seconds for the exchanges of tokens.</summary>
    public double ExchangeSeconds => Exchanges.TryGetValue(Kind, out CollectiveCost cost) ? cost.Seconds : 0;

    /// <summary>Seconds of a step.</summary>
    public double StepSeconds => ComputeSeconds + ExchangeSeconds + TensorSeconds + GradientSeconds + OptimizerSeconds;

    /// <summary>Sequences per second of the cluster.</summary>
    public double SequencesPerSecond => Workload.BatchSequences / StepSeconds;

    /// <summary>Share of the devices' peak that the step's operations are, those computed again not counted.</summary>
    public double PeakShare => StepFlops / StepSeconds / (Cluster.Devices * Cluster.Peak(Workload.Precision));

    /// <summary>Seconds of the whole training.</summary>
    public double TotalSeconds => Workload.Tokens / Workload.SequenceLength / SequencesPerSecond;

    /// <summary>Price of the whole training.</summary>
    public double Price => TotalSeconds / 3600 * Cluster.Devices * Cluster.PricePerHour;

    /// <summary>Whether it fits the devices' memory.</summary>
    public bool Fits => Memory.Total <= Cluster.MemoryBytes;
}
