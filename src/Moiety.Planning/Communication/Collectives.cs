using Moiety.Models;
using Moiety.Planning.Clusters;

namespace Moiety.Planning.Communication;

/// <summary>
/// Collective operations in the alpha-beta model: a message of n bytes takes alpha + n / beta, and a device's messages follow each other.
/// Groups are neighboring ranks, so that one of up to G devices is inside a node.
/// </summary>
public static class Collectives
{
    /// <summary>All-to-all among p devices, each pair exchanging m bytes: p hops, volume p m.</summary>
    /// <param name="cluster">The devices.</param>
    /// <param name="size">Devices of the group, p.</param>
    /// <param name="bytesPerPeer">Bytes from each device to each, m.</param>
    public static CollectiveCost Flat(Cluster cluster, int size, double bytesPerPeer)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return Between(cluster, size, Math.Min(size, cluster.DevicesPerNode), bytesPerPeer);
    }

    /// <summary>
    /// Hierarchical all-to-all (section 5.3): inside the node each device collects what one place of every other node gets, p / G times
    /// m bytes a message; then it sends G m bytes to its place in every other node. G + p / G hops, volume 2 p m, and two changes of
    /// layout that read and write it.
    /// </summary>
    /// <inheritdoc cref="Flat"/>
    /// <exception cref="InvalidInputException">The group is no whole number of nodes.</exception>
    public static CollectiveCost Hierarchical(Cluster cluster, int size, double bytesPerPeer)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        int perNode = cluster.DevicesPerNode;
        if (size % perNode != 0)
        {
            throw new InvalidInputException($"hierarchical all-to-all: {size} devices that share the experts are no whole nodes of {perNode}.");
        }

        int nodes = size / perNode;
        double volume = size * bytesPerPeer;
        double inside = cluster.IntraNode.Seconds(perNode - 1, (perNode - 1) * nodes * bytesPerPeer);
        double outside = cluster.InterNode.Seconds(nodes - 1, (nodes - 1) * perNode * bytesPerPeer);
        double layouts = 2 * 2 * volume / (cluster.MemoryBandwidth * cluster.BandwidthShare);
        return new CollectiveCost(perNode + nodes, 2 * volume, inside + outside + layouts);
    }

    /// <summary>
    /// Parallelism-coordinated all-to-all (section 5.3): tensor slicing leaves the same tokens on L devices, so each exchanges only with
    /// the devices of its own place in their tensor groups: p / L hops, a volume of p m / L.
    /// </summary>
    /// <param name="cluster">The devices.</param>
    /// <param name="size">Devices of the group, p.</param>
    /// <param name="tensor">Tensor degree, L.</param>
    /// <param name="bytesPerPeer">Bytes from each device to each, m.</param>
    /// <exception cref="InvalidInputException">Neither of p and L divides the other.</exception>
    public static CollectiveCost Coordinated(Cluster cluster, int size, int tensor, double bytesPerPeer)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        if (!IsCoordinated(size, tensor))
        {
            throw new InvalidInputException($"coordinated all-to-all: the {size} devices that share the experts and the tensor degree {tensor} do not divide each other.");
        }

        int peers = Math.Max(1, size / tensor);
        return Between(cluster, peers, Math.Min(peers, Math.Max(1, cluster.DevicesPerNode / tensor)), bytesPerPeer);
    }

    /// <summary>Whether the two degrees allow the coordinated form.</summary>
    public static bool IsCoordinated(int size, int tensor) => size % tensor == 0 || tensor % size == 0;

    /// <summary>All-gather among n devices after which each has all bytes: n hops, (n - 1) / n of the bytes come from others.</summary>
    /// <param name="cluster">The devices.</param>
    /// <param name="size">Devices of the group, n.</param>
    /// <param name="bytes">Bytes that each device has in the end.</param>
    public static CollectiveCost AllGather(Cluster cluster, int size, double bytes)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return size == 1 ? default : new CollectiveCost(size, bytes, cluster.LinkOf(size).Seconds(size - 1, bytes * (size - 1) / size));
    }

    /// <summary>
    /// All-reduce among n devices: the faster of a ring, 2 (n - 1) alpha + 2 (n - 1) / n bytes / beta, and recursive doubling,
    /// log2 n (alpha + bytes / beta). Thakur, Rabenseifner and Gropp, 2005.
    /// </summary>
    /// <param name="cluster">The devices.</param>
    /// <param name="size">Devices of the group, n.</param>
    /// <param name="bytes">Bytes to be summed.</param>
    public static CollectiveCost AllReduce(Cluster cluster, int size, double bytes)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        if (size == 1)
        {
            return default;
        }

        Link link = cluster.LinkOf(size);
        double ring = link.Seconds(2 * (size - 1), 2 * bytes * (size - 1) / size);
        double steps = Math.Ceiling(Math.Log2(size));
        double doubling = link.Seconds(steps, steps * bytes);
        return ring <= doubling
            ? new CollectiveCost(2 * (size - 1), 2 * bytes * (size - 1) / size, ring)
            : new CollectiveCost(steps, steps * bytes, doubling);
    }

    private static CollectiveCost Between(Cluster cluster, int size, int neighbors, double bytesPerPeer)
    {
        int inside = neighbors - 1;
        int outside = size - neighbors;
        double seconds = (inside > 0 ? cluster.IntraNode.Seconds(inside, inside * bytesPerPeer) : 0)
            + (outside > 0 ? cluster.InterNode.Seconds(outside, outside * bytesPerPeer) : 0);
        return new CollectiveCost(size, size * bytesPerPeer, seconds);
    }
}
