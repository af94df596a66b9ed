using System.Runtime.InteropServices;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// BASE layers (Lewis et al., arXiv 2103.16716) and their Sinkhorn form (Clark et al., arXiv 2202.01169): in training the tokens of a batch are
/// assigned such that experts are equally loaded, and no loss is needed for that; at inference each token goes by its own scores, as under
/// <see cref="TopKGate"/>, and depends on no other. The weight of an expert is its score in both: a sigmoid as BASE has it, or the softmax.
/// </summary>
/// <param name="site">Where it stands.</param>
/// <param name="assign">Chooses experts from the logits of the tokens that count.</param>
internal sealed class BalancedGate(GateSite site, BalancedGate.Assignment assign) : IGate
{
    private readonly TopKGate _served = new(site);

    /// <summary>Chooses the experts of tokens.</summary>
    /// <param name="logits">[tokens, experts], row-major.</param>
    /// <param name="moe">The experts.</param>
    internal delegate ExpertChoices Assignment(ReadOnlySpan<float> logits, MoeConfig moe);

    /// <inheritdoc/>
    public ExpertRouting Route(GateInput input)
    {
        if (!input.IsTraining)
        {
            return _served.Route(input);
        }

        MoeConfig moe = site.Config;
        float[] logits = input.Read(input.Logits);
        ExpertChoices choices = Assign(logits, input.Used.Span);
        if (input.Capacity is { } capacity)
        {
            Xoshiro256 random = input.Random(RandomPurposes.Drop);
            choices.Limit(capacity, logits, input.UsedTokens, ref random);
        }

        RoutingTable table = choices.Sort();
        Tensor scores = moe.Gating == GatingKind.Sigmoid ? input.Logits.sigmoid() : input.Logits.softmax(1);
        return new TableRouting(table, AssignmentWeights.Of(scores, table, moe.NormalizeTopK, moe.WeightScale))
        {
            Losses = input.UsedTokens == 0 ? [] : [new RouterLoss(RouterLossNames.Z, RouterZLoss.Compute(input.OnlyUsed(input.Logits)))],
            Statistics = new RouterStatistics(site.Layer, ImmutableCollectionsMarshal.AsImmutableArray(table.ChosenCounts), table.Dropped),
        };
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
    }

    private ExpertChoices Assign(float[] logits, ReadOnlySpan<bool> used)
    {
        if (used.IsEmpty)
        {
            return assign(logits, site.Config);
        }

        // Padding has no part in the balance.
        int experts = site.Config.ExpertCount;
        List<int> tokens = [];
        List<float> rows = [];
        for (int token = 0; token < used.Length; token++)
        {
            if (used[token])
            {
                tokens.Add(token);
                rows.AddRange(logits.AsSpan(token * experts, experts));
            }
        }

        ExpertChoices among = assign(CollectionsMarshal.AsSpan(rows), site.Config);
        ExpertChoices choices = new(used.Length, experts, among.Slots);
        for (int i = 0; i < tokens.Count; i++)
        {
            among.Of(i).CopyTo(choices.Of(tokens[i]));
        }

        return choices;
    }
}
