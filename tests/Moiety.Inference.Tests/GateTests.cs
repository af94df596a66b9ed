using CsCheck;
using Moiety.Inference.Routing;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Tests;

/// <summary>Every kind of gating against values worked out by hand and against full sorts in double precision.</summary>
public class GateTests
{
    // The logarithms of 1, 3, 4 and 2: the probabilities are 0.1, 0.3, 0.4 and 0.2.
    private static readonly float[] Logits = [0, 1.0986123f, 1.3862944f, 0.6931472f];

    // Hash routing has no scores to choose by.
    private static readonly GatingKind[] Scored = [.. Enum.GetValues<GatingKind>().Where(gating => gating != GatingKind.Hash)];

    private static MoeConfig Four { get; } = new() { ExpertCount = 4, TopK = 2, ExpertIntermediateSize = 8, NormalizeTopK = false };

    [Fact]
    public void Softmax_weights_are_probabilities_normalized_and_scaled_when_asked_for()
    {
        Check(Four, [], [2, 1], [0.4, 0.3]);
        Check(Four with { NormalizeTopK = true }, [], [2, 1], [4.0 / 7, 3.0 / 7]);
        Check(Four with { NormalizeTopK = true, WeightScale = 2.5f }, [], [2, 1], [10.0 / 7, 7.5 / 7]);
    }

    [Fact]
    public void Sigmoids_do_not_sum_to_one()
    {
        // sigmoid(ln a) = a / (1 + a).
        Check(Four with { Gating = GatingKind.Sigmoid }, [], [2, 1], [4.0 / 5, 3.0 / 4]);
        Check(Four with { Gating = GatingKind.Sigmoid, NormalizeTopK = true }, [], [2, 1], [16.0 / 31, 15.0 / 31]);
    }

    [Fact]
    public void A_bias_for_the_choice_changes_who_is_chosen_and_no_weight()
    {
        MoeConfig moe = Four with { SelectionBias = true };
        Check(moe, [0.5f, 0, -1, 0], [0, 1], [0.1, 0.3]);
        Check(moe with { Gating = GatingKind.Sigmoid }, [0.5f, 0, -1, 0], [0, 1], [1.0 / 2, 3.0 / 4]);
    }

    [Fact]
    public void Groups_are_ranked_by_their_best_or_their_two_best()
    {
        // Probabilities 0.1, 0.3 | 0.4, 0.2: by the best and by both, the second group wins; with the bias, only by the best.
        MoeConfig moe = Four with { GroupCount = 2, GroupTopK = 1 };
        Check(moe, [], [2, 3], [0.4, 0.2]);
        Check(moe with { GroupScore = GroupScore.BestTwo }, [], [2, 3], [0.4, 0.2]);
        moe = moe with { SelectionBias = true };
        Check(moe, [0.25f, 0, 0, -0.15f], [2, 3], [0.4, 0.2]);
        Check(moe with { GroupScore = GroupScore.BestTwo }, [0.25f, 0, 0, -0.15f], [0, 1], [0.1, 0.3]);
    }

    [Fact]
    public void Experts_outside_the_best_groups_are_not_chosen_even_when_scores_are_negative()
    {
        MoeConfig moe = Four with { GroupCount = 2, GroupTopK = 1, SelectionBias = true };
        Check(moe, [-5, -5, -2, -9], [2, 3], [0.4, 0.2]);
    }

    [Fact]
    public void Sparse_mixer_weighs_each_choice_among_the_logits_near_it()
    {
        // Within 2% of 1.39 is 1.37 only; within 2% of 1.37 is 1.35, and 1.39, which is taken.
        MoeConfig moe = Four with { Gating = GatingKind.SparseMixer };
        float[] logits = [1.35f, 1.39f, 1, 1.37f];
        Check(moe, [], logits, [1, 3], [1 / (1 + Math.Exp(-0.02)), 1 / (1 + Math.Exp(-0.02))]);
        Check(moe with { SparseMixerJitter = 0 }, [], logits, [1, 3], [1, 1]);
        Check(moe with { WeightScale = 3 }, [], [9, 1, -7, 2], [0, 3], [3, 3]);

        // A distance is relative to the larger size: |-1| beside 0.
        Check(moe with { SparseMixerJitter = 0.5f }, [], [0, 0, -1, -2], [0, 1], [1 / (2 + Math.Exp(-1) + Math.Exp(-2)), 1 / (1 + Math.Exp(-1) + Math.Exp(-2))]);
    }

    [Fact]
    public void Ties_go_to_the_lower_id_whatever_the_gating()
    {
        foreach (GatingKind gating in Scored)
        {
            int[] experts = new int[2];
            Assert.True(new Gate(Four with { Gating = gating }, []).Choose([1, 2, 2, 2], new float[4], experts, new float[2]));
            Assert.Equal([1, 2], experts);
        }

        int[] chosen = new int[2];
        MoeConfig groups = Four with { GroupCount = 2, SelectionBias = true };
        Assert.True(new Gate(groups, [0, 0, 0, 0]).Choose([1, 1, 1, 1], new float[4], chosen, new float[2]));
        Assert.Equal([0, 1], chosen);
    }

    [Fact]
    public void Every_gate_chooses_what_full_sorts_choose()
    {
        Gen.Select(Gen.Int[0, Scored.Length - 1].Select(index => Scored[index]), Gen.Int[1, 4], Gen.Int[2, 6], Gen.Int[0, 100_000]).Sample(
            (gating, groups, size, seed) =>
            {
                bool mixes = gating == GatingKind.SparseMixer;
                groups = mixes ? 1 : groups;
                MoeConfig moe = new()
                {
                    ExpertCount = groups * size,
                    TopK = 2,
                    ExpertIntermediateSize = 8,
                    NormalizeTopK = !mixes && seed % 2 == 0,
                    Gating = gating,
                    SelectionBias = !mixes && seed % 3 > 0,
                    GroupCount = groups,
                    GroupTopK = 1 + seed % groups,
                    GroupScore = (GroupScore)(seed / 7 % 2),
                    WeightScale = 1 + seed % 5,
                    SparseMixerJitter = 0.2f,
                };
                float[] logits = Numbers(moe.ExpertCount, seed);
                float[] bias = moe.SelectionBias ? [.. Numbers(moe.ExpertCount, seed + 1).Select(value => value / 3.7f)] : [];
                (int[] expected, double[] weights) = ReferenceRouter.Choose(moe, [.. logits.Select(logit => (double)logit)], [.. bias.Select(value => (double)value)]);
                Check(moe, bias, logits, expected, weights);
            },
            iter: 500, threads: 1);
    }

    /// <summary>Different numbers, a hundredth apart at least, so that rounding decides nothing.</summary>
    private static float[] Numbers(int count, int seed)
    {
        Random random = new(seed);
        int[] order = [.. Enumerable.Range(-count, 2 * count)];
        random.Shuffle(order);
        return [.. order[..count].Select(number => number * 0.31f + 0.05f)];
    }

    private static void Check(MoeConfig moe, float[] bias, int[] experts, double[] weights) => Check(moe, bias, Logits, experts, weights);

    private static void Check(MoeConfig moe, float[] bias, float[] logits, int[] experts, double[] weights)
    {
        int[] chosen = new int[moe.TopK];
        float[] shares = new float[moe.TopK];
        Assert.True(new Gate(moe, bias).Choose([.. logits], new float[logits.Length], chosen, shares));
        Assert.Equal(experts, chosen);
        Assert.All(Enumerable.Range(0, experts.Length), choice => Assert.Equal(weights[choice], shares[choice], 2e-6));
    }
}
