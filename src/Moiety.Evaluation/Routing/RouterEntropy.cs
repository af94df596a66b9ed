namespace Moiety.Evaluation.Routing;

/// <summary>How undecided a router is about a token.</summary>
internal static class RouterEntropy
{
    /// <summary>
    /// -sum p ln p of the scores of all experts over their sum, in nats: 0 when one expert has everything, ln E when all are equal. 0 when
    /// all scores vanish, as sigmoids may.
    /// </summary>
    public static double Of(ReadOnlySpan<float> scores)
    {
        double total = 0;
        foreach (float score in scores)
        {
            total += score;
        }

        double entropy = 0;
        foreach (float score in scores)
        {
            entropy -= score > 0 ? score / total * Math.Log(score / total) : 0;
        }

        return entropy;
    }
}
