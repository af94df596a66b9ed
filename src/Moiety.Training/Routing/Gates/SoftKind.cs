using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="SoftGate"/>.</summary>
internal sealed class SoftKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "soft";

    /// <inheritdoc/>
    public override string Rule => "experts multiply slots, mixtures of a sequence's tokens; tokens mix the slots' outputs";

    /// <inheritdoc/>
    public override string Balance => "by construction";

    /// <inheritdoc/>
    public override bool IsBalancedByConstruction => true;

    /// <inheritdoc/>
    public override bool IsCausal => false;

    /// <inheritdoc/>
    public override bool IsServed => false;

    /// <inheritdoc/>
    internal override int RouterRows(MoeConfig moe) => 0;

    /// <inheritdoc/>
    internal override MoeConfig Defaults(MoeConfig moe) => moe with { NormalizeTopK = false };

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        RefuseBeyondSoftmax(layer, moe);
        if (moe.TopK != 1 || moe.NormalizeTopK)
        {
            throw layer.Refuse(moe.TopK != 1 ? "top_k" : "normalize_top_k", $"the gate \"{Name}\" chooses nothing: leave it out and set the gate's \"slots\" instead");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe)
    {
        RequireConsent(gate);
        return new SoftOptions(this, gate.Int32("slots", 1, 1 << 16));
    }

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new SoftGate((options as SoftOptions)?.Slots ?? 1, site);
}
