using System.Runtime.InteropServices;
using Moiety.Models.Configuration;
using Moiety.Numerics.Randomness;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// The k experts with the best scores, softmax over all experts or a sigmoid for each, within the limits of groups and with the bias for
/// the choice where the model has them. The weight of an expert is its score, divided by the sum over the kept choices where the model
/// normalizes. In evaluation it chooses as the engine does.
/// </summary>
internal sealed class TopKGate(GateSite site) : IGate
{
    private const ulong DropPurpose = 0x64726f70;

    /// <inheritdoc/>
    public ExpertRouting Route(GateInput input)
    {
        MoeConfig moe = site.Config;
        bool sigmoid = moe.Gating == GatingKind.Sigmoid;
        Tensor scores = sigmoid ? input.Logits.sigmoid() : input.Logits.softmax(1);
        float[] ranked = input.Read(scores);
        GroupLimit.Apply(moe, moe.SelectionBias ? site.Store.Span(TensorNames.SelectionBias(site.Layer)) : [], ranked);
        RoutingTable table = Choose(ranked, input);
        return new TableRouting(table, AssignmentWeights.Of(scores, table, moe.NormalizeTopK, moe.WeightScale))
        {
            Losses = input.IsTraining ? Losses(input.Logits, scores, table) : [],
            Statistics = new RouterStatistics(site.Layer, ImmutableCollectionsMarshal.AsImmutableArray(table.ChosenCounts), table.Dropped),
        };
    }

    /// <inheritdoc/>
    public void AfterStep()
    {
    }

    private RoutingTable Choose(float[] ranked, GateInput input)
    {
        ExpertChoices choices = ExpertChoices.Best(ranked, site.Config.ExpertCount, site.Config.TopK, input.Used.Span);
        if (input.Capacity is { } capacity)
        {
            Xoshiro256 random = input.Random(DropPurpose);
            choices.Limit(capacity, ranked, input.UsedTokens, ref random);
        }

        return choices.Sort();
    }

    private RouterLoss[] Losses(Tensor logits, Tensor scores, RoutingTable table)
    {
        // Sigmoids do not sum to 1: their shares do (DeepSeek-V3, arXiv 2412.19437, eq. 19).
        Tensor probabilities = site.Config.Gating == GatingKind.Sigmoid ? scores / scores.sum(1, keepdim: true).AtLeast(1e-20) : scores;
        return
        [
            new RouterLoss(RouterLossNames.Balance, LoadBalancingLoss.Compute(probabilities, table.FirstChoiceCounts)),
            new RouterLoss(RouterLossNames.Z, RouterZLoss.Compute(logits)),
        ];
    }
}
