using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// Load-balancing loss of Switch Transformer (arXiv 2101.03961, eq. 4): l = E * sum_e f_e p_e, with f_e the share of tokens
/// whose first choice is expert e and p_e the mean probability of e. 1 at perfect balance, E when all mass lies on one
/// expert. f_e counts choices before capacity drops: counting afterwards hides the imbalance.
/// </summary>
public static class LoadBalancingLoss
{
    /// <summary>The loss of one layer, a scalar; the gradient flows through the probabilities only.</summary>
    /// <param name="probabilities">[tokens, experts], softmax over all experts.</param>
    /// <param name="firstChoices">Per expert, the number of tokens whose first choice it is.</param>
    public static Tensor Compute(Tensor probabilities, ReadOnlySpan<int> firstChoices)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        long tokens = probabilities.shape[0];
        float[] scaled = new float[firstChoices.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = (float)((double)firstChoices[i] * firstChoices.Length / tokens);
        }

        using Tensor share = tensor(scaled);
        return probabilities.mean([0]).dot(share);
    }
}
