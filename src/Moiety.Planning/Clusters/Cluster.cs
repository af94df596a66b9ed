using Moiety.Models;

namespace Moiety.Planning.Clusters;

/// <summary>
/// Machines that run a model: equal devices (processors or accelerators), so many to a node, connected inside the node and between
/// nodes. What a device's data sheet says, and which share of it programs reach.
/// </summary>
public sealed record Cluster
{
    /// <summary>Most devices of a cluster.</summary>
    public const int MaxDevices = 1 << 20;

    /// <summary>What users call it.</summary>
    public required string Name { get; init; }

    /// <summary>Devices in all, W.</summary>
    public required int Devices { get; init; }

    /// <summary>Devices of a node, G.</summary>
    public required int DevicesPerNode { get; init; }

    /// <summary>Memory of a device in bytes.</summary>
    public required double MemoryBytes { get; init; }

    /// <summary>Bytes per second that a device reads from its memory.</summary>
    public required double MemoryBandwidth { get; init; }

    /// <summary>Operations per second with 32-bit numbers; 0 where they are not known.</summary>
    public double PeakFp32 { get; init; }

    /// <summary>Operations per second with 16-bit numbers; 0 where they are not known.</summary>
    public double PeakBf16 { get; init; }

    /// <summary>Operations per second with 8-bit numbers; 0 where they are not known.</summary>
    public double PeakFp8 { get; init; }

    /// <summary>Between devices of a node.</summary>
    public Link IntraNode { get; init; }

    /// <summary>Between devices of different nodes: a device's share of its node's connection.</summary>
    public Link InterNode { get; init; }

    /// <summary>What one device costs per hour.</summary>
    public double PricePerHour { get; init; }

    /// <summary>Share of <see cref="MemoryBandwidth"/> that reading weights reaches.</summary>
    public double BandwidthShare { get; init; } = 0.8;

    /// <summary>Share of the peak that matrix products reach.</summary>
    public double ComputeShare { get; init; } = 0.45;

    /// <summary>Seconds that a layer takes beside its reading and computing: starting kernels, waiting for each other.</summary>
    public double LayerOverhead { get; init; }

    /// <summary>Number of nodes; the last one may be used in part only when there is just one.</summary>
    public int Nodes => Math.Max(1, Devices / DevicesPerNode);

    /// <summary>Operations per second at a precision.</summary>
    /// <exception cref="InvalidInputException">The cluster does not say what it reaches at this precision.</exception>
    public double Peak(ComputePrecision precision)
    {
        (double peak, string field) = precision switch
        {
            ComputePrecision.Fp32 => (PeakFp32, "peak-fp32"),
            ComputePrecision.Bf16 => (PeakBf16, "peak-bf16"),
            _ => (PeakFp8, "peak-fp8"),
        };
        return peak > 0
            ? peak
            : throw new InvalidInputException($"cluster {Name}: it does not say how many operations per second it does in {precision.ToString().ToLowerInvariant()}. Give {field}=…, or choose another --precision.");
    }

    /// <summary>The link that a group of neighboring devices is bound by.</summary>
    /// <param name="size">Devices of the group.</param>
    public Link LinkOf(int size) => size <= DevicesPerNode ? IntraNode : InterNode;

    /// <summary>Checks that all figures are usable.</summary>
    /// <exception cref="InvalidInputException">One is not; the message names it and its value.</exception>
    public void Validate()
    {
        if (Devices is < 1 or > MaxDevices)
        {
            throw Bad("devices", Devices, $"is not between 1 and {MaxDevices:#,0}");
        }

        if (DevicesPerNode is < 1 or > MaxDevices)
        {
            throw Bad("per-node", DevicesPerNode, $"is not between 1 and {MaxDevices:#,0}");
        }

        if (Devices > DevicesPerNode && Devices % DevicesPerNode != 0)
        {
            throw Bad("devices", Devices, $"cannot be divided into nodes of {DevicesPerNode}");
        }

        Positive("memory", MemoryBytes);
        Positive("memory-bandwidth", MemoryBandwidth);
        if (PeakFp32 == 0 && PeakBf16 == 0 && PeakFp8 == 0)
        {
            throw new InvalidInputException($"cluster {Name}: none of peak-fp32, peak-bf16 and peak-fp8 is given.");
        }

        foreach ((string field, double value) in (ReadOnlySpan<(string, double)>)[
            ("peak-fp32", PeakFp32), ("peak-bf16", PeakBf16), ("peak-fp8", PeakFp8), ("price", PricePerHour), ("layer-overhead", LayerOverhead),
            ("intra-latency", IntraNode.LatencySeconds), ("inter-latency", InterNode.LatencySeconds)])
        {
            if (!double.IsFinite(value) || value < 0)
            {
                throw Bad(field, value, "is negative or not a number");
            }
        }

        if (Devices > 1 && DevicesPerNode > 1)
        {
            Positive("intra-bandwidth", IntraNode.BytesPerSecond);
        }

        if (Devices > DevicesPerNode)
        {
            Positive("inter-bandwidth", InterNode.BytesPerSecond);
        }

        Share("memory-share", BandwidthShare);
        Share("compute-share", ComputeShare);
    }

    private void Positive(string field, double value)
    {
        if (!(value > 0) || !double.IsFinite(value))
        {
            throw Bad(field, value, "is not a positive number");
        }
    }

    private void Share(string field, double value)
    {
        if (!(value > 0) || value > 1)
        {
            throw Bad(field, value, "is not a share between 0 and 1");
        }
    }

    private InvalidInputException Bad(string field, double value, string reason) => new($"cluster {Name}: {field}: {value:0.###} {reason}.");
}
