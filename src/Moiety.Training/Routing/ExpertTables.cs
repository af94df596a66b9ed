using Moiety.Numerics.Randomness;

namespace Moiety.Training.Routing;

/// <summary>The tables of hash routing (Roller et al., arXiv 2106.04426): the expert of every token id, a whole number in F32.</summary>
internal static class ExpertTables
{
    private const ulong Purpose = 0x68617368;

    /// <summary>Gives every id an expert at random; a function of the seed and the layer on any machine.</summary>
    /// <param name="table">[vocabulary], filled in.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="seed">The seed.</param>
    /// <param name="layer">The layer: each has a table of its own.</param>
    internal static void FillRandom(Span<float> table, int experts, ulong seed, int layer)
    {
        Xoshiro256 random = new(seed, Purpose, (ulong)layer);
        foreach (ref float expert in table)
        {
            expert = random.NextInt32(experts);
        }
    }

    /// <summary>
    /// Balances the load: the most frequent id first, each to the expert whose ids are the rarest so far (the paper's "balanced assignment").
    /// </summary>
    /// <param name="table">[vocabulary], filled in.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="counts">[vocabulary]: how often each id occurs in the corpus. One is added to each, so that ids that do not occur are spread as well.</param>
    internal static void FillBalanced(Span<float> table, int experts, long[] counts)
    {
        PriorityQueue<int, (long Load, int Expert)> emptiest = new(Enumerable.Range(0, experts).Select(expert => (expert, (0L, expert))));
        foreach (int id in Enumerable.Range(0, table.Length).OrderByDescending(id => counts[id]).ThenBy(id => id))
        {
            emptiest.TryDequeue(out int expert, out (long Load, int Expert) place);
            table[id] = expert;
            emptiest.Enqueue(expert, (place.Load + counts[id] + 1, expert));
        }
    }
}
