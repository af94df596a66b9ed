using System.Numerics.Tensors;

namespace Moiety.Parity.Tests;

/// <summary>Compares what two implementations would say, token by token.</summary>
public static class GreedyText
{
    /// <summary>
    /// At every position of the oracle's own greedy text, our choice is the oracle's. Where rounding may decide, because
    /// two tokens lie closer together than twice the bound on |Δlogit|, ours may be the other of the two, and nothing else.
    /// </summary>
    /// <param name="oracle">The oracle's logits along its greedy text, row i predicting token i + 1.</param>
    /// <param name="ours">Our logits along the same text.</param>
    /// <param name="start">First row to compare.</param>
    /// <param name="bound">Bound on |Δlogit| relative to the range of the oracle's logits; 0 allows no exception.</param>
    /// <returns>Number of positions at which the choices differ.</returns>
    public static int AssertSame(float[][] oracle, float[][] ours, int start, double bound)
    {
        double range = oracle.Max(row => TensorPrimitives.Max<float>(row)) - oracle.Min(row => TensorPrimitives.Min<float>(row));
        int differing = 0;
        for (int t = start; t < oracle.Length; t++)
        {
            int expected = TensorPrimitives.IndexOfMax<float>(oracle[t]);
            int actual = TensorPrimitives.IndexOfMax<float>(ours[t]);
            if (actual != expected)
            {
                differing++;
                double margin = (oracle[t][expected] - oracle[t][actual]) / range;
                Assert.True(margin <= 2 * bound, $"Position {t}: the oracle prefers token {expected} over our {actual} by {margin:E2} of the logit range, the bound explains {2 * bound:E2}.");
            }
        }

        return differing;
    }
}
