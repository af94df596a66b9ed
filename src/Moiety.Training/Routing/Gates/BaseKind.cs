using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="BalancedGate"/>: the exact <see cref="BalancedAssignment"/>.</summary>
internal sealed class BaseKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "base";

    /// <inheritdoc/>
    public override string Rule => "training: the balanced assignment with the largest sum of logits; inference: the best score";

    /// <inheritdoc/>
    public override string Balance => "by construction";

    /// <inheritdoc/>
    public override bool IsBalancedByConstruction => true;

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        RefuseBiasAndGroups(layer, moe);
        if (moe.TopK != 1)
        {
            throw layer.Refuse("top_k", $"the gate \"{Name}\" assigns each token to 1 expert, not {moe.TopK}; \"sinkhorn\" balances more");
        }
    }

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new BalancedGate(site, Assign);

    private static ExpertChoices Assign(ReadOnlySpan<float> logits, MoeConfig moe)
    {
        int[] experts = BalancedAssignment.Solve(logits, moe.ExpertCount);
        ExpertChoices choices = new(experts.Length, moe.ExpertCount, 1);
        experts.CopyTo(choices.Chosen, 0);
        return choices;
    }
}
