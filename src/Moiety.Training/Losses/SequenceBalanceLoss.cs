using Moiety.Training.Routing;
using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// Balance within sequences (DeepSeek-V3, arXiv 2412.19437, eq. 17 to 20): l = sum_e f_e p_e for every sequence, averaged over these, with
/// f_e = E / (k T) times the number of the sequence's T tokens that choose expert e, and p_e the mean probability of e over them. 1 at
/// perfect balance.
/// </summary>
internal static class SequenceBalanceLoss
{
    /// <summary>The loss of one layer, a scalar; the gradient flows through the probabilities only.</summary>
    /// <param name="probabilities">[tokens, experts]: shares of the scores.</param>
    /// <param name="choices">The experts of every token, before drops.</param>
    /// <param name="length">Tokens of a sequence.</param>
    /// <param name="used">Whether each token counts; empty when all do.</param>
    internal static Tensor Compute(Tensor probabilities, ExpertChoices choices, int length, ReadOnlySpan<bool> used)
    {
        int tokens = (int)probabilities.shape[0];
        int experts = (int)probabilities.shape[1];
        int sequences = tokens / length;
        float[] factors = new float[tokens * experts];
        float[] share = new float[experts];
        for (int sequence = 0; sequence < sequences; sequence++)
        {
            Array.Clear(share);
            int counted = 0;
            for (int token = sequence * length; token < (sequence + 1) * length; token++)
            {
                counted += used.IsEmpty || used[token] ? 1 : 0;
                foreach (int expert in choices.Of(token))
                {
                    if (expert != ExpertChoices.None)
                    {
                        share[expert]++;
                    }
                }
            }

            // f_e / T: with it, the sum over tokens of f p is that over experts.
            for (int expert = 0; counted > 0 && expert < experts; expert++)
            {
                share[expert] *= (float)((double)experts / choices.Slots / counted / counted / sequences);
            }

            for (int token = sequence * length; token < (sequence + 1) * length; token++)
            {
                if (used.IsEmpty || used[token])
                {
                    share.CopyTo(factors.AsSpan(token * experts));
                }
            }
        }

        using Tensor weights = tensor(factors, tokens, experts, device: probabilities.device);
        return (probabilities * weights).sum();
    }
}
