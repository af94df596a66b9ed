using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// Load-balancing loss of Switch Transformer (arXiv 2101.03961, eq. 4), for k choices l = E / k * sum_e f_e p_e, with f_e the number of
/// times that expert e is chosen over the number of tokens, and p_e the mean probability of e. 1 at perfect balance, E when all mass lies on
/// one expert and one choice is counted. f_e counts choices before capacity drops: counting afterwards hides the imbalance.
/// </summary>
public static class LoadBalancingLoss
{
    /// <summary>The loss of one layer, a scalar; the gradient flows through the probabilities only.</summary>
    /// <param name="probabilities">[tokens, experts], softmax over all experts.</param>
    /// <param name="chosen">Per expert, how often it is chosen: as first choice, or at all.</param>
    /// <param name="choices">Choices per token that are counted, k.</param>
    public static Tensor Compute(Tensor probabilities, ReadOnlySpan<int> chosen, int choices = 1)
    {
        ArgumentNullException.ThrowIfNull(probabilities);
        long tokens = probabilities.shape[0];
        float[] scaled = new float[chosen.Length];
        for (int i = 0; i < scaled.Length; i++)
        {
            scaled[i] = (float)((double)chosen[i] * chosen.Length / tokens / choices);
        }

        using Tensor share = tensor(scaled, device: probabilities.device);
        return probabilities.mean([0]).dot(share);
    }
}
