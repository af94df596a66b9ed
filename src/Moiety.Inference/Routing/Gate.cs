using Moiety.Models.Configuration;

namespace Moiety.Inference.Routing;

/// <summary>Chooses the experts of one token from its router logits: softmax over all experts, then the k best.</summary>
internal static class Gate
{
    /// <summary>Fills in the choices of one token.</summary>
    /// <param name="moe">Expert count, k, and whether the weights of the chosen are divided by their sum.</param>
    /// <param name="logits">One per expert; become the probabilities.</param>
    /// <param name="experts">k expert ids, best first, ties by lower id.</param>
    /// <param name="weights">k weights.</param>
    /// <returns>False when a logit is not finite.</returns>
    public static bool Choose(MoeConfig moe, Span<float> logits, Span<int> experts, Span<float> weights)
    {
        float max = float.NegativeInfinity;
        foreach (float logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                return false;
            }

            max = Math.Max(max, logit);
        }

        // The order is that of the logits: rounding in the exponential must not make ties.
        for (int choice = 0; choice < moe.TopK; choice++)
        {
            int best = -1;
            for (int expert = 0; expert < logits.Length; expert++)
            {
                if ((best < 0 || logits[expert] > logits[best]) && !experts[..choice].Contains(expert))
                {
                    best = expert;
                }
            }

            experts[choice] = best;
        }

        float sum = 0;
        for (int expert = 0; expert < logits.Length; expert++)
        {
            logits[expert] = MathF.Exp(logits[expert] - max);
            sum += logits[expert];
        }

        float chosen = 0;
        for (int choice = 0; choice < moe.TopK; choice++)
        {
            weights[choice] = logits[experts[choice]] / sum;
            chosen += weights[choice];
        }

        for (int choice = 0; moe.NormalizeTopK && choice < moe.TopK; choice++)
        {
            weights[choice] /= chosen;
        }

        return true;
    }
}
