using Moiety.Numerics.Measurement;

namespace Moiety.Planning.Clusters;

/// <summary>This computer as a cluster of one device, with its memory, bandwidth and multipliers measured.</summary>
public static class ThisMachine
{
    /// <summary>What users call it.</summary>
    public const string Name = "this-machine";

    /// <summary>Measures, which takes a second or two.</summary>
    /// <param name="threads">Threads that measure; 0 for one per processor.</param>
    public static Cluster Measure(int threads = 0)
    {
        threads = threads == 0 ? Environment.ProcessorCount : threads;
        double peak = PeakCompute.Measure(threads);
        return new Cluster
        {
            Name = Name,
            Devices = 1,
            DevicesPerNode = 1,
            MemoryBytes = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes,
            MemoryBandwidth = MemoryBandwidth.Measure(threads),
            PeakFp32 = peak,
            PeakBf16 = peak,
            BandwidthShare = 1,
            ComputeShare = 0.6,
            LayerOverhead = 5e-6,
        };
    }
}
