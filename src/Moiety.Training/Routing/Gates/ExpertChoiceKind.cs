using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="ExpertChoiceGate"/>.</summary>
internal sealed class ExpertChoiceKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "expert-choice";

    /// <inheritdoc/>
    public override string Rule => "every expert takes the tokens of the batch with the largest probabilities, tokens / experts * k of them";

    /// <inheritdoc/>
    public override string Balance => "by construction";

    /// <inheritdoc/>
    public override bool IsBalancedByConstruction => true;

    /// <inheritdoc/>
    public override bool IsCausal => false;

    /// <inheritdoc/>
    public override bool IsServed => false;

    /// <inheritdoc/>
    internal override MoeConfig Defaults(MoeConfig moe) => moe with { NormalizeTopK = false };

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        RefuseBeyondSoftmax(layer, moe);
        if (moe.NormalizeTopK)
        {
            throw layer.Refuse("normalize_top_k", $"true is not allowed with the gate \"{Name}\", whose weights are the probabilities");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe)
    {
        RequireConsent(gate);
        return new ExpertChoiceOptions(this, gate.Number("capacity_factor", 0.01, moe.ExpertCount, 1));
    }

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new ExpertChoiceGate((options as ExpertChoiceOptions)?.CapacityFactor ?? 1, site);
}
