using System.Collections.Immutable;
using Moiety.Models;

namespace Moiety.Planning.Clusters;

/// <summary>
/// Clusters that users can name. Memory, bandwidths and peaks are the makers' figures for one device and one direction. Latencies,
/// prices, shares and overheads are round assumptions, to be replaced by one's own; docs/planning.md says so too.
/// </summary>
public static class ClusterPresets
{
    /// <summary>All of them; a new one is a line here.</summary>
    public static ImmutableArray<(string Summary, Cluster Cluster)> All { get; } =
    [
        ("nodes of 8 NVIDIA A100 with 80 GB: NVLink 300 GB/s, 200 Gb/s InfiniBand for each", Gpu("a100-80g", 80e9, 2.039e12, 19.5e12, 312e12, 0, 300e9, 25e9, 4.1)),
        ("nodes of 8 NVIDIA A100 with 40 GB, as on Azure when the paper was written", Gpu("a100-40g", 40e9, 1.555e12, 19.5e12, 312e12, 0, 300e9, 25e9, 3.4)),
        ("nodes of 8 NVIDIA H100 with 80 GB: NVLink 450 GB/s, 400 Gb/s InfiniBand for each", Gpu("h100", 80e9, 3.35e12, 67e12, 989e12, 1979e12, 450e9, 50e9, 12)),
        ("8 servers of 32 cores: 256 GB at 200 GB/s, 25 Gb/s Ethernet", new Cluster
        {
            Name = "cpu-8",
            Devices = 8,
            DevicesPerNode = 1,
            MemoryBytes = 256e9,
            MemoryBandwidth = 200e9,
            PeakFp32 = 2.5e12,
            PeakBf16 = 2.5e12,
            InterNode = new Link(25e9 / 8, 30e-6),
            PricePerHour = 1.5,
            LayerOverhead = 20e-6,
        }),
    ];

    /// <summary>The names, for help and errors.</summary>
    public static string Known => string.Join(", ", All.Select(preset => preset.Cluster.Name).Append(ThisMachine.Name));

    /// <summary>Finds a cluster by name.</summary>
    /// <exception cref="InvalidInputException">There is none; the message lists the names.</exception>
    public static Cluster ByName(string name) =>
        All.Select(preset => preset.Cluster).FirstOrDefault(cluster => string.Equals(cluster.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidInputException($"there is no cluster \"{name}\"; known: {Known}. Or describe one: devices=8,per-node=8,memory=80GB,…");

    private static Cluster Gpu(string name, double memory, double bandwidth, double fp32, double bf16, double fp8, double intra, double inter, double price) => new()
    {
        Name = name,
        Devices = 8,
        DevicesPerNode = 8,
        MemoryBytes = memory,
        MemoryBandwidth = bandwidth,
        PeakFp32 = fp32,
        PeakBf16 = bf16,
        PeakFp8 = fp8,
        IntraNode = new Link(intra, 3e-6),
        InterNode = new Link(inter, 5e-6),
        PricePerHour = price,
        LayerOverhead = 20e-6,
    };
}
