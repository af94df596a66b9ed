using Moiety.Models.Configuration;

namespace Moiety.Testing;

/// <summary>The choice of experts for one token, by full sorts.</summary>
public static class ReferenceRouter
{
    /// <param name="moe">How to choose.</param>
    /// <param name="logits">[experts], the router's bias included.</param>
    /// <param name="bias">[experts], for the choice only; empty for none.</param>
    /// <returns>The chosen experts, best first, and their weights.</returns>
    public static (int[] Experts, double[] Weights) Choose(MoeConfig moe, double[] logits, double[] bias)
    {
        (int[] experts, double[] weights) = moe.Gating == GatingKind.SparseMixer ? Mix(moe, logits) : Sort(moe, logits, bias);
        return (experts, [.. weights.Select(weight => weight * moe.WeightScale)]);
    }

    private static (int[] Experts, double[] Weights) Sort(MoeConfig moe, double[] logits, double[] bias)
    {
        double[] scores = [.. logits];
        if (moe.Gating == GatingKind.Sigmoid)
        {
            scores = [.. logits.Select(ReferenceActivation.Sigmoid)];
        }
        else
        {
            ReferenceMath.Softmax(scores);
        }

        double[] ranked = [.. scores.Select((score, expert) => score + (bias.Length > 0 ? bias[expert] : 0))];
        int size = moe.ExpertCount / moe.GroupCount;
        int members = moe.GroupScore == GroupScore.Best ? 1 : 2;
        HashSet<int> groups = [.. Enumerable.Range(0, moe.GroupCount)
            .OrderByDescending(group => ranked.Skip(group * size).Take(size).OrderDescending().Take(members).Sum())
            .ThenBy(group => group)
            .Take(moe.GroupTopK)];
        int[] experts = [.. Enumerable.Range(0, moe.ExpertCount)
            .Where(expert => groups.Contains(expert / size))
            .OrderByDescending(expert => ranked[expert])
            .ThenBy(expert => expert)
            .Take(moe.TopK)];
        double[] weights = [.. experts.Select(expert => scores[expert])];
        double sum = moe.NormalizeTopK ? weights.Sum() : 1;
        return (experts, [.. weights.Select(weight => weight / sum)]);
    }

    private static (int[] Experts, double[] Weights) Mix(MoeConfig moe, double[] logits)
    {
        List<int> left = [.. Enumerable.Range(0, moe.ExpertCount)];
        int[] experts = new int[2];
        double[] weights = new double[2];
        for (int choice = 0; choice < 2; choice++)
        {
            int best = left.MaxBy(expert => logits[expert]);
            IEnumerable<int> near = left.Where(expert =>
                logits[best] - logits[expert] <= 2 * moe.SparseMixerJitter * Math.Max(Math.Abs(logits[expert]), logits[best]));
            experts[choice] = best;
            weights[choice] = 1 / near.Sum(expert => Math.Exp(logits[expert] - logits[best]));
            left.Remove(best);
        }

        return (experts, weights);
    }
}
