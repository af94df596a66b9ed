using System.Collections.Immutable;

namespace Moiety.Models.Experts;

/// <summary>
/// Hierarchical clustering with average linkage (as HC-SMoE does, arXiv 2410.08589): the two clusters whose members are on average nearest
/// to each other become one, until few enough are left.
/// </summary>
internal static class ExpertClusters
{
    /// <summary>Clusters items.</summary>
    /// <param name="items">The items, ascending.</param>
    /// <param name="distance">Distance of two items, the same both ways.</param>
    /// <param name="count">Clusters that are wanted, from 1 to the number of items.</param>
    /// <returns>The clusters in the order of their first members, members ascending; of equal distances the first pair goes together.</returns>
    public static ImmutableArray<ImmutableArray<int>> Find(IReadOnlyList<int> items, Func<int, int, double> distance, int count)
    {
        List<List<int>> clusters = [.. items.Select(item => new List<int> { item })];
        while (clusters.Count > count)
        {
            (int First, int Second, double Distance) best = (0, 1, double.PositiveInfinity);
            for (int first = 0; first < clusters.Count; first++)
            {
                for (int second = first + 1; second < clusters.Count; second++)
                {
                    double mean = clusters[first].Average(one => clusters[second].Average(other => distance(one, other)));
                    best = mean < best.Distance ? (first, second, mean) : best;
                }
            }

            clusters[best.First].AddRange(clusters[best.Second]);
            clusters.RemoveAt(best.Second);
        }

        return [.. clusters.Select(cluster => ImmutableArray.CreateRange(cluster.Order())).OrderBy(cluster => cluster[0])];
    }
}
