using System.Collections.Immutable;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;

namespace Moiety.Planning.Serving;

/// <summary>What a model will need and do on a cluster when it is served: the step that gives every sequence its next token.</summary>
public sealed record ServingPrediction
{
    /// <summary>The model.</summary>
    public required ModelCost Model { get; init; }

    /// <summary>The devices.</summary>
    public required Cluster Cluster { get; init; }

    /// <summary>How the model is divided.</summary>
    public required ParallelLayout Layout { get; init; }

    /// <summary>The work.</summary>
    public required ServingWorkload Workload { get; init; }

    /// <summary>Bytes of a device.</summary>
    public required ServingMemory Memory { get; init; }

    /// <summary>How devices exchange tokens.</summary>
    public required AllToAllKind Kind { get; init; }

    /// <summary>The exchanges of all MoE layers together, for each kind that the layout allows.</summary>
    public required ImmutableSortedDictionary<AllToAllKind, CollectiveCost> Exchanges { get; init; }

    /// <summary>
    /// Bytes of weights that the busiest device reads in a step: its slice of all but the experts, and those of its experts that a token
    /// visits. This is the paper's critical data path.
    /// </summary>
    public required double CriticalBytes { get; init; }

    /// <summary>Of <see cref="CriticalBytes"/>, the experts'.</summary>
    public required double CriticalExpertBytes { get; init; }

    /// <summary>Bytes of keys and values that a device reads in a step.</summary>
    public required double KeyValueBytes { get; init; }

    /// <summary>Seconds for all but the experts: per layer the longer of reading and computing.</summary>
    public required double NonExpertSeconds { get; init; }

    /// <summary>Seconds for the experts.</summary>
    public required double ExpertSeconds { get; init; }

    /// <summary>Seconds for the all-reduces of tensor slicing.</summary>
    public required double TensorSeconds { get; init; }

    /// <summary>Seconds beside reading, computing and sending.</summary>
    public required double OverheadSeconds { get; init; }

    /// <summary>Seconds for the exchanges of tokens.</summary>
    public double ExchangeSeconds => Exchanges.TryGetValue(Kind, out CollectiveCost cost) ? cost.Seconds : 0;

    /// <summary>Seconds of a step: what each sequence waits for a token.</summary>
    public double Latency => NonExpertSeconds + ExpertSeconds + TensorSeconds + ExchangeSeconds + OverheadSeconds;

    /// <summary>Tokens per second of a device.</summary>
    public double TokensPerSecondPerDevice => Workload.SequencesPerDevice / Latency;

    /// <summary>Tokens per second of the cluster.</summary>
    public double TokensPerSecond => TokensPerSecondPerDevice * Cluster.Devices;

    /// <summary>Price of a million tokens.</summary>
    public double PricePerMillion => Cluster.PricePerHour / 3600 / TokensPerSecondPerDevice * 1e6;

    /// <summary>Whether it fits the devices' memory.</summary>
    public bool Fits => Memory.Total <= Cluster.MemoryBytes;
}
