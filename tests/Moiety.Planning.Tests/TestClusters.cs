using CsCheck;
using Moiety.Planning.Clusters;

namespace Moiety.Planning.Tests;

/// <summary>Clusters that a test can compute with by hand.</summary>
internal static class TestClusters
{
    /// <summary>One of some numbers.</summary>
    public static Gen<int> Among(params int[] values) => Gen.Int[0, values.Length - 1].Select(index => values[index]);

    /// <summary>A device with round figures that reaches all of them and has no overhead.</summary>
    public static Cluster Round(int devices, int perNode) => new()
    {
        Name = "round",
        Devices = devices,
        DevicesPerNode = perNode,
        MemoryBytes = 100e9,
        MemoryBandwidth = 1e12,
        PeakFp32 = 10e12,
        PeakBf16 = 100e12,
        IntraNode = new Link(100e9, 2e-6),
        InterNode = new Link(10e9, 10e-6),
        PricePerHour = 2,
        BandwidthShare = 1,
        ComputeShare = 1,
    };
}
