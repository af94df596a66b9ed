using Moiety.Models.Configuration;

namespace Moiety.Training.Routing;

/// <summary>
/// What the choice of experts goes by where it is not the scores alone: a bias for the choice (DeepSeek-V3, arXiv 2412.19437), and
/// group-limited routing (DeepSeek-V2, arXiv 2405.04434), in which experts outside the best groups cannot be chosen.
/// </summary>
internal static class GroupLimit
{
    /// <summary>Adds the bias and hides the experts that cannot be chosen.</summary>
    /// <param name="moe">How experts are chosen.</param>
    /// <param name="bias">[experts], or empty.</param>
    /// <param name="scores">[tokens, experts], row-major, in place.</param>
    internal static void Apply(MoeConfig moe, ReadOnlySpan<float> bias, Span<float> scores)
    {
        bool limited = moe.GroupTopK < moe.GroupCount;
        if (bias.IsEmpty && !limited)
        {
            return;
        }

        float[] groups = new float[moe.GroupCount];
        int[] best = new int[moe.GroupTopK];
        for (int start = 0; start < scores.Length; start += moe.ExpertCount)
        {
            Span<float> row = scores.Slice(start, moe.ExpertCount);
            for (int expert = 0; expert < bias.Length; expert++)
            {
                row[expert] += bias[expert];
            }

            if (limited)
            {
                Limit(moe, row, groups, best);
            }
        }
    }

    private static void Limit(MoeConfig moe, Span<float> row, Span<float> groups, Span<int> best)
    {
        int size = moe.ExpertCount / moe.GroupCount;
        for (int group = 0; group < groups.Length; group++)
        {
            groups[group] = Score(moe, row.Slice(group * size, size));
        }

        BestExperts.Choose(groups, best);
        for (int group = 0; group < groups.Length; group++)
        {
            if (!best.Contains(group))
            {
                row.Slice(group * size, size).Fill(float.NegativeInfinity);
            }
        }
    }

    private static float Score(MoeConfig moe, ReadOnlySpan<float> group)
    {
        float best = float.NegativeInfinity;
        float second = float.NegativeInfinity;
        foreach (float score in group)
        {
            second = Math.Max(second, Math.Min(best, score));
            best = Math.Max(best, score);
        }

        return group.Length == 1 || moe.GroupScore == GroupScore.Best ? best : best + second;
    }
}
