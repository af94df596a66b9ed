using Moiety.Models;
using Moiety.Planning.Clusters;
using Moiety.Planning.Layouts;

namespace Moiety.Planning.Communication;

/// <summary>
/// What one MoE layer's exchange of tokens costs a device: the all-to-all that brings tokens to their experts, the all-reduce between
/// the slices of an expert, the all-to-all that brings the outputs back, and the all-gather of the coordinated form.
/// </summary>
public sealed record ExpertExchange
{
    /// <summary>How.</summary>
    public required AllToAllKind Kind { get; init; }

    /// <summary>Bytes from each device to each in the first all-to-all, m = t k M b / ep: t tokens of a replica, k choices of M elements of b bytes.</summary>
    public required double BytesPerPeer { get; init; }

    /// <summary>Tokens to their experts. A sliced expert needs them in each slice.</summary>
    public required CollectiveCost Dispatch { get; init; }

    /// <summary>Sum of what the slices of an expert give.</summary>
    public required CollectiveCost SliceSum { get; init; }

    /// <summary>Outputs back, a share from each slice.</summary>
    public required CollectiveCost Return { get; init; }

    /// <summary>The gather inside the tensor group.</summary>
    public required CollectiveCost Gather { get; init; }

    /// <summary>All of it.</summary>
    public CollectiveCost Total => Dispatch + SliceSum + Return + Gather;

    /// <summary>The cost of a layer's exchange.</summary>
    /// <param name="cluster">The devices.</param>
    /// <param name="layer">Where the experts are.</param>
    /// <param name="tensor">Tensor degree, L.</param>
    /// <param name="replicaTokens">Tokens of a replica of L devices, each of which holds all of them, t.</param>
    /// <param name="topK">Experts that a token visits, k.</param>
    /// <param name="rowBytes">Bytes of a token's row, M b.</param>
    /// <param name="kind">How tokens are exchanged.</param>
    /// <exception cref="InvalidInputException">The layout does not allow this kind.</exception>
    public static ExpertExchange Of(Cluster cluster, MoeLayerLayout layer, int tensor, double replicaTokens, int topK, double rowBytes, AllToAllKind kind)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(layer);
        double choices = replicaTokens * topK * rowBytes;
        double perPeer = choices / layer.ExpertParallel;
        int size = layer.GroupSize;
        if (size == 1)
        {
            return new ExpertExchange { Kind = kind, BytesPerPeer = perPeer, Dispatch = default, SliceSum = default, Return = default, Gather = default };
        }

        // All choices of the tokens that a group serves, spread evenly over its experts' devices.
        double received = choices * ((double)cluster.Devices / tensor / layer.DataParallel) / layer.ExpertParallel;
        return new ExpertExchange
        {
            Kind = kind,
            BytesPerPeer = perPeer,
            Dispatch = Exchange(cluster, size, tensor, perPeer, kind),
            SliceSum = Collectives.AllReduce(cluster, layer.ExpertSlice, received),
            Return = Exchange(cluster, size, tensor, perPeer / layer.ExpertSlice, kind),
            Gather = kind == AllToAllKind.Coordinated ? Collectives.AllGather(cluster, tensor, choices) : default,
        };
    }

    /// <summary>The kinds that a layout and a cluster allow.</summary>
    public static IEnumerable<AllToAllKind> Kinds(Cluster cluster, ParallelLayout layout)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(layout);
        yield return AllToAllKind.Flat;
        if (layout.MoeLayers.Any(layer => layer.GroupSize > cluster.DevicesPerNode)
            && layout.MoeLayers.All(layer => layer.GroupSize <= cluster.DevicesPerNode || layer.GroupSize % cluster.DevicesPerNode == 0))
        {
            yield return AllToAllKind.Hierarchical;
        }

        if (layout.Tensor > 1 && layout.MoeLayers.Any(layer => layer.GroupSize > 1) && layout.MoeLayers.All(layer => Collectives.IsCoordinated(layer.GroupSize, layout.Tensor)))
        {
            yield return AllToAllKind.Coordinated;
        }
    }

    private static CollectiveCost Exchange(Cluster cluster, int size, int tensor, double perPeer, AllToAllKind kind) => kind switch
    {
        AllToAllKind.Flat => Collectives.Flat(cluster, size, perPeer),

        // A group inside a node has no second level.
        AllToAllKind.Hierarchical when size <= cluster.DevicesPerNode => Collectives.Flat(cluster, size, perPeer),
        AllToAllKind.Hierarchical => Collectives.Hierarchical(cluster, size, perPeer),
        _ => Collectives.Coordinated(cluster, size, tensor, perPeer),
    };
}
