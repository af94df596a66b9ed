using System.Runtime.InteropServices;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Expert choice (Zhou et al., arXiv 2202.09368): S = softmax(X W) over the experts; every expert takes the C = tokens / experts * k tokens of
/// the batch with its largest scores, which are their weights. A token is taken by any number of experts, also by none. Whether a token is
/// taken depends on all others, later ones included, so that what is trained cannot be served token by token.
/// </summary>
/// <param name="factor">Factor of C.</param>
/// <param name="site">Where it stands.</param>
internal sealed class ExpertChoiceGate(double factor, GateSite site) : IGate
{
    /// <inheritdoc/>
    public ExpertRouting Route(GateInput input)
    {
        Tensor scores = input.Logits.softmax(1);
        RoutingTable table = Choose(input.Read(scores), site.Config.ExpertCount, Capacity(input.UsedTokens), input.Used.Span);
        return new TableRouting(table, AssignmentWeights.Of(scores, table, normalize: false, site.Config.WeightScale))
        {
            Losses = input.IsTraining && input.UsedTokens > 0 ? [new RouterLoss(RouterLossNames.Z, RouterZLoss.Compute(input.OnlyUsed(input.Logits)))] : [],
            Statistics = new RouterStatistics(site.Layer, ImmutableCollectionsMarshal.AsImmutableArray(table.ChosenCounts), table.Dropped),
        };
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
    }

    /// <summary>The choice of every expert; equal scores are decided for the earlier token.</summary>
    /// <param name="scores">[tokens, experts], row-major.</param>
    /// <param name="experts">Number of experts.</param>
    /// <param name="capacity">Tokens that every expert takes, at most those that count.</param>
    /// <param name="used">Whether each token counts; empty when all do.</param>
    internal static RoutingTable Choose(ReadOnlySpan<float> scores, int experts, int capacity, ReadOnlySpan<bool> used)
    {
        int tokens = scores.Length / experts;
        long[] tokenOf = new long[experts * capacity];
        long[] scoreOf = new long[experts * capacity];
        List<(float Key, int Token)> ranked = new(tokens);
        for (int expert = 0; expert < experts; expert++)
        {
            ranked.Clear();
            for (int token = 0; token < tokens; token++)
            {
                if (used.IsEmpty || used[token])
                {
                    ranked.Add((-scores[(token * experts) + expert], token));
                }
            }

            ranked.Sort();
            Span<long> taken = tokenOf.AsSpan(expert * capacity, capacity);
            for (int i = 0; i < capacity; i++)
            {
                taken[i] = ranked[i].Token;
            }

            taken.Sort();
            for (int i = 0; i < capacity; i++)
            {
                scoreOf[(expert * capacity) + i] = (taken[i] * experts) + expert;
            }
        }

        int[] counts = [.. Enumerable.Repeat(capacity, experts)];
        return new RoutingTable
        {
            Tokens = tokenOf,
            ProbabilityIndices = scoreOf,
            KeptCounts = [.. counts.Select(count => (long)count)],
            FirstChoiceCounts = counts,
            ChosenCounts = counts,
            Dropped = 0,
        };
    }

    private int Capacity(int tokens) => (int)Math.Min(tokens, Math.Ceiling((double)site.Config.TopK * tokens / site.Config.ExpertCount * factor));
}
