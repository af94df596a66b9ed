using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Layouts;

namespace Moiety.Planning.Explanations;

/// <summary>The three forms of the all-to-all in formulas.</summary>
internal static class ExchangeFormulas
{
    /// <summary>The formula of one form, with the numbers of the largest group.</summary>
    public static Formula Of(Cluster cluster, ParallelLayout layout, AllToAllKind kind, CollectiveCost cost)
    {
        int size = layout.MoeLayers.Max(layer => layer.GroupSize);
        int perNode = Math.Min(size, cluster.DevicesPerNode);
        int tensor = layout.Tensor;
        int peers = Math.Max(1, size / tensor);
        (string expression, string numbers) = kind switch
        {
            AllToAllKind.Flat => ("(G - 1)(α1 + m/β1) + (p - G)(α2 + m/β2): p hops", $"p = {size}, G = {perNode}: {size} hops"),
            AllToAllKind.Hierarchical => ("(G - 1)(α1 + m p/G / β1) + (p/G - 1)(α2 + m G / β2) + 4 p m / bandwidth: G + p/G hops, twice the volume",
                $"p = {size}, G = {perNode}: {perNode + (size / perNode)} hops"),
            _ => ("flat among p/L, and (L - 1)(α1 + rows / L / β1) to gather: p/L + L hops, volume p m / L", $"p = {size}, L = {tensor}: {peers} + {tensor} hops"),
        };
        return new Formula($"time: {kind.ToString().ToLowerInvariant()} all-to-all, all layers there and back", expression,
            $"{numbers}; α1 = {Units.Time(cluster.IntraNode.LatencySeconds)}, β1 = {Units.Bytes(cluster.IntraNode.BytesPerSecond)}/s, α2 = {Units.Time(cluster.InterNode.LatencySeconds)}, β2 = {Units.Bytes(cluster.InterNode.BytesPerSecond)}/s",
            $"{Units.Time(cost.Seconds)}, {Units.Bytes(cost.Bytes)}");
    }
}
