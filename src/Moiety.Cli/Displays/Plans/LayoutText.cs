using Moiety.Planning.Clusters;
using Moiety.Planning.Explanations;
using Moiety.Planning.Layouts;

namespace Moiety.Cli.Displays.Plans;

/// <summary>Clusters and layouts in words.</summary>
internal static class LayoutText
{
    /// <summary>What a cluster consists of.</summary>
    public static string Of(Cluster cluster)
    {
        string nodes = cluster.Devices <= cluster.DevicesPerNode ? $"{cluster.Devices} device{(cluster.Devices == 1 ? "" : "s")}" : $"{cluster.Devices} devices in {cluster.Nodes} nodes of {cluster.DevicesPerNode}";
        string price = cluster.PricePerHour > 0 ? $", {Units.Price(cluster.PricePerHour)} an hour each" : "";
        double peak = Math.Max(cluster.PeakBf16, cluster.PeakFp32);
        return $"{cluster.Name}: {nodes}, {Units.Bytes(cluster.MemoryBytes)} at {Units.Bytes(cluster.MemoryBandwidth)}/s, {Units.Flops(peak)}/s{price}";
    }

    /// <summary>One degree of all MoE layers: <c>32 x10, 64 x2</c>; <c>none</c> without such layers.</summary>
    public static string Degrees(ParallelLayout layout, Func<MoeLayerLayout, int> degree)
    {
        if (layout.MoeLayers.IsEmpty)
        {
            return "none";
        }

        List<(int Degree, int Layers)> runs = [];
        foreach (MoeLayerLayout layer in layout.MoeLayers)
        {
            int value = degree(layer);
            if (runs.Count > 0 && runs[^1].Degree == value)
            {
                runs[^1] = (value, runs[^1].Layers + 1);
            }
            else
            {
                runs.Add((value, 1));
            }
        }

        return string.Join(", ", runs.Select(run => runs.Count == 1 ? $"{run.Degree}" : $"{run.Degree} x{run.Layers}"));
    }
}
