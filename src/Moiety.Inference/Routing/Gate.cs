using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;

namespace Moiety.Inference.Routing;

/// <summary>
/// Chooses the experts of one token from its router logits: best first, ties to the lower id. Whatever the gating, weights come
/// from the logits alone; a bias for the choice and limits on groups only decide who is chosen.
/// </summary>
/// <param name="moe">How to choose.</param>
/// <param name="selectionBias">[experts], added to what the choice goes by, or empty.</param>
internal sealed class Gate(MoeConfig moe, float[] selectionBias)
{
    /// <summary>Fills in the choices of one token.</summary>
    /// <param name="logits">One per expert; become the probabilities (softmax) or sigmoids.</param>
    /// <param name="scratch">One per expert.</param>
    /// <param name="experts">k expert ids, best first.</param>
    /// <param name="weights">k weights of the experts' outputs.</param>
    /// <returns>False when a logit is not finite.</returns>
    public bool Choose(Span<float> logits, Span<float> scratch, Span<int> experts, Span<float> weights)
    {
        foreach (float logit in logits)
        {
            if (!float.IsFinite(logit))
            {
                return false;
            }
        }

        if (moe.Gating == GatingKind.SparseMixer)
        {
            Mix(logits, scratch, experts, weights);
        }
        else if (selectionBias.Length == 0 && moe.GroupTopK == moe.GroupCount)
        {
            // The order is that of the logits: rounding in the exponential must not make ties.
            PickBest(logits, experts);
            Score(logits);
            Weigh(logits, experts, weights);
        }
        else
        {
            Score(logits);
            logits.CopyTo(scratch);
            if (selectionBias.Length > 0)
            {
                VectorMath.Add(scratch, selectionBias, scratch);
            }

            LimitGroups(scratch);
            PickBest(scratch, experts);
            Weigh(logits, experts, weights);
        }

        for (int choice = 0; moe.WeightScale != 1 && choice < weights.Length; choice++)
        {
            weights[choice] *= moe.WeightScale;
        }

        return true;
    }

    /// <summary>The scores of all experts, from what <see cref="Choose"/> left of the logits: probabilities, or sigmoids.</summary>
    /// <param name="gated">One per expert, after <see cref="Choose"/>.</param>
    /// <param name="scores">One per expert.</param>
    public void Describe(ReadOnlySpan<float> gated, Span<float> scores)
    {
        gated.CopyTo(scores);
        if (moe.Gating == GatingKind.SparseMixer)
        {
            Softmax.Apply(scores);
        }
    }

    /// <summary>Logits become probabilities or sigmoids.</summary>
    private void Score(Span<float> logits)
    {
        float max = 0;
        float sum = 0;
        if (moe.Gating == GatingKind.Softmax)
        {
            max = System.Numerics.Tensors.TensorPrimitives.Max<float>(logits);
        }

        for (int expert = 0; expert < logits.Length; expert++)
        {
            logits[expert] = moe.Gating == GatingKind.Softmax ? MathF.Exp(logits[expert] - max) : 1 / (1 + MathF.Exp(-logits[expert]));
            sum += logits[expert];
        }

        for (int expert = 0; moe.Gating == GatingKind.Softmax && expert < logits.Length; expert++)
        {
            logits[expert] /= sum;
        }
    }

    private void Weigh(ReadOnlySpan<float> scores, ReadOnlySpan<int> experts, Span<float> weights)
    {
        // DeepSeek-V3 keeps the sum of sigmoids, which may all vanish, away from 0.
        float sum = moe.Gating == GatingKind.Sigmoid ? 1e-20f : 0;
        for (int choice = 0; choice < experts.Length; choice++)
        {
            weights[choice] = scores[experts[choice]];
            sum += weights[choice];
        }

        for (int choice = 0; moe.NormalizeTopK && choice < weights.Length; choice++)
        {
            weights[choice] /= sum;
        }
    }

    private static void PickBest(ReadOnlySpan<float> scores, Span<int> experts)
    {
        for (int choice = 0; choice < experts.Length; choice++)
        {
            int best = -1;
            for (int expert = 0; expert < scores.Length; expert++)
            {
                if ((best < 0 || scores[expert] > scores[best]) && !experts[..choice].Contains(expert))
                {
                    best = expert;
                }
            }

            experts[choice] = best;
        }
    }

    /// <summary>Group-limited routing (DeepSeek-V2, arXiv 2405.04434): experts outside the best groups can't be chosen.</summary>
    private void LimitGroups(Span<float> scores)
    {
        int size = scores.Length / moe.GroupCount;
        int surplus = moe.GroupCount - moe.GroupTopK;
        for (int round = 0; round < surplus; round++)
        {
            // The worst of the groups that are left goes; of equals the last.
            int worst = -1;
            float worstScore = 0;
            for (int group = 0; group < moe.GroupCount; group++)
            {
                ReadOnlySpan<float> members = scores.Slice(group * size, size);
                if (float.IsNegativeInfinity(members[0]))
                {
                    continue;
                }

                float score = ScoreOf(members);
                if (worst < 0 || score <= worstScore)
                {
                    (worst, worstScore) = (group, score);
                }
            }

            scores.Slice(worst * size, size).Fill(float.NegativeInfinity);
        }
    }

    private float ScoreOf(ReadOnlySpan<float> group)
    {
        float best = float.NegativeInfinity;
        float second = float.NegativeInfinity;
        foreach (float score in group)
        {
            second = Math.Max(second, Math.Min(best, score));
            best = Math.Max(best, score);
        }

        return moe.GroupScore == GroupScore.Best || group.Length == 1 ? best : best + second;
    }

    /// <summary>
    /// SparseMixer at inference (Phi-3.5-MoE, arXiv 2409.12136): the two best logits; the weight of each is its softmax among the
    /// logits that come near it and that no earlier choice has taken.
    /// </summary>
    private void Mix(ReadOnlySpan<float> logits, Span<float> left, Span<int> experts, Span<float> weights)
    {
        PickBest(logits, experts);
        logits.CopyTo(left);
        for (int choice = 0; choice < experts.Length; choice++)
        {
            float best = logits[experts[choice]];
            float sum = 0;
            foreach (float logit in left)
            {
                float distance = (best - logit) / Math.Max(Math.Abs(logit), best);
                if (!(distance > 2 * moe.SparseMixerJitter))
                {
                    sum += MathF.Exp(logit - best);
                }
            }

            weights[choice] = 1 / sum;
            left[experts[choice]] = float.NegativeInfinity;
        }
    }
}
