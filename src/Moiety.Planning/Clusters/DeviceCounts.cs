namespace Moiety.Planning.Clusters;

/// <summary>The numbers of devices that are tried when the fewest that suffice are looked for.</summary>
public static class DeviceCounts
{
    private const int MaxNodes = 4096;

    /// <summary>1, 2, 4, … inside a node, then whole nodes: 1, 2, 3, 4, 6, 8, 12, 16, … of them.</summary>
    /// <param name="cluster">Whose nodes.</param>
    public static IEnumerable<int> Of(Cluster cluster)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        return Enumerate(cluster.DevicesPerNode);
    }

    private static IEnumerable<int> Enumerate(int perNode)
    {
        for (int devices = 1; devices < perNode; devices *= 2)
        {
            yield return devices;
        }

        for (int nodes = 1; nodes <= MaxNodes && (long)nodes * perNode <= Cluster.MaxDevices; nodes *= 2)
        {
            yield return nodes * perNode;
            if (nodes > 1 && (long)nodes * 3 / 2 * perNode <= Cluster.MaxDevices)
            {
                yield return nodes * 3 / 2 * perNode;
            }
        }
    }
}
