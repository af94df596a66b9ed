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

    /// <summary>
    /// Expected number of distinct experts that the busiest device must read. With q = 1 - (1 - k/E)^B the chance that an expert is
    /// visited, a device's number is binomial (E / n, q); the largest of n such numbers, taken as independent, has the mean
    /// sum over x of 1 - F(x)^n. It is at least 1 when there is a token.
    /// </summary>
    /// <param name="experts">Experts of the layer, E.</param>
    /// <param name="topK">Experts that each token visits, k.</param>
    /// <param name="tokens">Tokens that these devices' experts serve, B.</param>
    /// <param name="devices">Devices among which the experts are divided evenly, n.</param>
    /// <exception cref="ArgumentOutOfRangeException">A count is not positive, or k is above E.</exception>
    /// <exception cref="ArgumentException">The devices do not divide the experts.</exception>
    public static double ExpectedBusiest(int experts, int topK, double tokens, int devices)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(devices, 1);
        if (experts % devices != 0)
        {
            throw new ArgumentException($"{devices} devices do not divide {experts} experts.", nameof(devices));
        }

        double visited = ExpectedDistinct(experts, topK, tokens) / experts;
        int own = experts / devices;
        if (tokens == 0 || visited >= 1)
        {
            return tokens == 0 ? 0 : own;
        }

        // In logarithms: a term may be far below the smallest number while the sum is not.
        double logHit = Math.Log(visited);
        double logMiss = tokens * Math.Log(1 - ((double)topK / experts));
        double logChoices = 0;
        double below = 0;
        double busiest = 0;
        for (int count = 0; count < own; count++)
        {
            below += Math.Exp(logChoices + (count * logHit) + ((own - count) * logMiss));
            busiest += 1 - Math.Pow(Math.Min(1, below), devices);
            logChoices += Math.Log((double)(own - count) / (count + 1));
        }

        return Math.Max(busiest, 1);
    }
}
