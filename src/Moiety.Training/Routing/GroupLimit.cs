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
        int size = moe.ExpertCount / moe.GroupCount;
        for (int start = 0; start < scores.Length; start += moe.ExpertCount)
        {
            Span<float> row = scores.Slice(start, moe.ExpertCount);
            for (int expert = 0; expert < bias.Length; expert++)
            {
                row[expert] += bias[expert];
            }

            if (moe.GroupTopK < moe.GroupCount)
            {
                float[] ranked = row.ToArray();
                foreach (int group in Enumerable.Range(0, moe.GroupCount).OrderByDescending(group => Score(moe, ranked.AsSpan(group * size, size))).Skip(moe.GroupTopK))
                {
                    row.Slice(group * size, size).Fill(float.NegativeInfinity);
                }
            }
        }
    }

    private static float Score(MoeConfig moe, Span<float> group)
    {
        group.Sort();
        return group.Length == 1 || moe.GroupScore == GroupScore.Best ? group[^1] : group[^1] + group[^2];
    }
}
