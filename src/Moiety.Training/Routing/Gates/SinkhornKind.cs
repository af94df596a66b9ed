using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="BalancedGate"/>: assignment by the transport plan of <see cref="Sinkhorn"/>.</summary>
internal sealed class SinkhornKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "sinkhorn";

    /// <inheritdoc/>
    public override string Rule => "training: the k largest shares of a balanced transport plan; inference: the k best scores";

    /// <inheritdoc/>
    public override string Balance => "nearly, by construction: the plan's columns are even, the choices from it about so";

    /// <inheritdoc/>
    public override bool IsBalancedByConstruction => true;

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe) => RefuseBiasAndGroups(layer, moe);

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new BalancedGate(site, Assign);

    private static ExpertChoices Assign(ReadOnlySpan<float> logits, MoeConfig moe) =>
        ExpertChoices.Best(Sinkhorn.Plan(logits, moe.ExpertCount), moe.ExpertCount, moe.TopK);
}
