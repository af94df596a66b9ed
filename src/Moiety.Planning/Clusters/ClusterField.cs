using System.Collections.Immutable;
using Moiety.Models;

namespace Moiety.Planning.Clusters;

/// <summary>One figure of a cluster that users may set: on the command line, in a file, in the documentation.</summary>
/// <param name="Name">Its key.</param>
/// <param name="Summary">What it is, with an example.</param>
/// <param name="Set">Puts a value into a cluster; throws <see cref="InvalidInputException"/> when it does not fit.</param>
public sealed record ClusterField(string Name, string Summary, Func<Cluster, string, Cluster> Set)
{
    /// <summary>All figures; a new one is a line here.</summary>
    public static ImmutableArray<ClusterField> All { get; } =
    [
        new("devices", "devices in all: 128", (cluster, text) => cluster with { Devices = Quantity.Whole("devices", text) }),
        new("per-node", "devices of a node: 8", (cluster, text) => cluster with { DevicesPerNode = Quantity.Whole("per-node", text) }),
        new("memory", "memory of a device: 80GB", (cluster, text) => cluster with { MemoryBytes = Quantity.Bytes("memory", text) }),
        new("memory-bandwidth", "what a device reads: 2TB/s", (cluster, text) => cluster with { MemoryBandwidth = Quantity.BytesPerSecond("memory-bandwidth", text) }),
        new("peak-bf16", "operations per second with 16 bits: 312T", (cluster, text) => cluster with { PeakBf16 = Quantity.Flops("peak-bf16", text) }),
        new("peak-fp32", "operations per second with 32 bits: 19.5T", (cluster, text) => cluster with { PeakFp32 = Quantity.Flops("peak-fp32", text) }),
        new("peak-fp8", "operations per second with 8 bits: 1979T", (cluster, text) => cluster with { PeakFp8 = Quantity.Flops("peak-fp8", text) }),
        new("intra-bandwidth", "a device's link inside the node, one direction: 300GB/s", (cluster, text) => cluster with { IntraNode = cluster.IntraNode with { BytesPerSecond = Quantity.BytesPerSecond("intra-bandwidth", text) } }),
        new("intra-latency", "of a message inside the node: 3us", (cluster, text) => cluster with { IntraNode = cluster.IntraNode with { LatencySeconds = Quantity.Seconds("intra-latency", text) } }),
        new("inter-bandwidth", "a device's share of the link between nodes: 200Gb/s", (cluster, text) => cluster with { InterNode = cluster.InterNode with { BytesPerSecond = Quantity.BytesPerSecond("inter-bandwidth", text) } }),
        new("inter-latency", "of a message between nodes: 5us", (cluster, text) => cluster with { InterNode = cluster.InterNode with { LatencySeconds = Quantity.Seconds("inter-latency", text) } }),
        new("price", "of a device per hour: 4.1", (cluster, text) => cluster with { PricePerHour = Quantity.Count("price", text.TrimStart('$')) }),
        new("memory-share", "share of the memory bandwidth that programs reach: 0.8", (cluster, text) => cluster with { BandwidthShare = Quantity.Share("memory-share", text) }),
        new("compute-share", "share of the peak that products reach: 0.45", (cluster, text) => cluster with { ComputeShare = Quantity.Share("compute-share", text) }),
        new("layer-overhead", "time of a layer beside reading and computing: 20us", (cluster, text) => cluster with { LayerOverhead = Quantity.Seconds("layer-overhead", text) }),
    ];

    /// <summary>Finds a figure by key.</summary>
    /// <exception cref="InvalidInputException">There is none; the message lists the keys.</exception>
    public static ClusterField ByName(string name) =>
        All.FirstOrDefault(field => string.Equals(field.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidInputException($"a cluster has no \"{name}\"; known: {string.Join(", ", All.Select(field => field.Name))}.");
}
