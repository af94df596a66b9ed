using CsCheck;
using Moiety.Training.Routing;

namespace Moiety.Training.Tests.Routing;

/// <summary>The exact assignment against all assignments there are, and against the condition of optimality where those are too many.</summary>
public class BalancedAssignmentTests
{
    // Few distinct values, so that ties are common.
    private static Gen<(float[] Scores, int Experts)> Cases(int tokens, int experts) =>
        Gen.Select(Gen.Int[1, tokens], Gen.Int[1, experts]).SelectMany((count, width) =>
            Gen.Int[-20, 20].Select(value => value / 4f).Array[count * width].Select(scores => (scores, width)));

    [Fact]
    public void No_balanced_assignment_has_a_larger_sum() => Cases(8, 4).Sample(sample =>
    {
        int[] found = BalancedAssignment.Solve(sample.Scores, sample.Experts);
        AssertBalanced(found, sample.Experts);
        Assert.Equal(BestSum(sample.Scores, sample.Experts, 0, new int[sample.Experts]), Sum(sample.Scores, sample.Experts, found), 1e-6);
    }, iter: 500);

    [Fact]
    public void No_chain_of_moves_makes_a_large_one_better() => Cases(120, 9).Sample(sample =>
    {
        int[] found = BalancedAssignment.Solve(sample.Scores, sample.Experts);
        AssertBalanced(found, sample.Experts);
        Assert.False(HasGain(sample.Scores, sample.Experts, found));
    }, iter: 300);

    [Fact]
    public void Two_thousand_tokens_and_sharp_scores_are_balanced_to_a_token()
    {
        Random random = new(4);
        float[] scores = [.. Enumerable.Range(0, 2047 * 16).Select(i => (i % 16 == 3 ? 30 : 0) + random.NextSingle())];
        AssertBalanced(BalancedAssignment.Solve(scores, 16), 16);
    }

    private static void AssertBalanced(int[] expertOf, int experts)
    {
        int share = expertOf.Length / experts;
        int[] counts = [.. Enumerable.Range(0, experts).Select(expert => expertOf.Count(chosen => chosen == expert))];
        Assert.All(counts, count => Assert.InRange(count, share, share + (expertOf.Length % experts == 0 ? 0 : 1)));
    }

    private static double Sum(float[] scores, int experts, int[] expertOf) => expertOf.Select((expert, token) => (double)scores[(token * experts) + expert]).Sum();

    private static double BestSum(float[] scores, int experts, int token, int[] counts)
    {
        int tokens = scores.Length / experts;
        if (token == tokens)
        {
            return counts.Min() >= tokens / experts && counts.Max() <= (tokens + experts - 1) / experts ? 0 : double.NegativeInfinity;
        }

        double best = double.NegativeInfinity;
        for (int expert = 0; expert < experts; expert++)
        {
            counts[expert]++;
            best = Math.Max(best, scores[(token * experts) + expert] + BestSum(scores, experts, token + 1, counts));
            counts[expert]--;
        }

        return best;
    }

    // Bellman-Ford over the experts: an assignment is optimal when no closed chain of moves gains. A chain may also take a token from an
    // expert that has one more than the rounded-down share to one that has not.
    private static bool HasGain(float[] scores, int experts, int[] expertOf)
    {
        int tokens = expertOf.Length;
        int[] counts = [.. Enumerable.Range(0, experts).Select(expert => expertOf.Count(chosen => chosen == expert))];
        double[,] costs = new double[experts, experts];
        for (int from = 0; from < experts; from++)
        {
            for (int to = 0; to < experts; to++)
            {
                // Closing a chain that began at the fuller of two experts and ended at the emptier one.
                costs[from, to] = counts[from] < counts[to] ? 0 : double.PositiveInfinity;
                for (int token = 0; token < tokens; token++)
                {
                    if (expertOf[token] == from)
                    {
                        costs[from, to] = Math.Min(costs[from, to], (double)scores[(token * experts) + from] - scores[(token * experts) + to]);
                    }
                }
            }
        }

        double[] distances = new double[experts];
        for (int round = 0; round <= experts; round++)
        {
            bool changed = false;
            for (int from = 0; from < experts; from++)
            {
                for (int to = 0; to < experts; to++)
                {
                    if (distances[from] + costs[from, to] < distances[to] - 1e-9)
                    {
                        distances[to] = distances[from] + costs[from, to];
                        changed = true;
                    }
                }
            }

            if (!changed)
            {
                return false;
            }
        }

        return true;
    }
}
