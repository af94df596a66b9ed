namespace Moiety.Planning.Costs;

/// <summary>How many experts a batch visits when routing is even.</summary>
public static class ExpertVisits
{
    /// <summary>
    /// Expected number of distinct experts of one layer that a batch visits: E (1 - (1 - k/E)^B), with every choice of k among E experts
    /// equally likely and tokens independent of each other. Real routers are less even, so a batch visits fewer.
    /// </summary>
    /// <param name="experts">Experts of the layer, E.</param>
    /// <param name="topK">Experts that each token visits, k.</param>
    /// <param name="tokens">Tokens of the batch, B; a mean may be a fraction.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is not positive, k is above E, or B is negative.</exception>
    public static double ExpectedDistinct(int experts, int topK, double tokens)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(experts, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(topK, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(topK, experts);
        ArgumentOutOfRangeException.ThrowIfNegative(tokens);
        return experts * (1 - Math.Pow(1 - ((double)topK / experts), tokens));
    }
}
