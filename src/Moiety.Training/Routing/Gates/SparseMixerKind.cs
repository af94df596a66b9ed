using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="SparseMixerGate"/>. Layers of Moiety's own family cannot say it: it is for models that are trained on from a checkpoint.</summary>
internal sealed class SparseMixerKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "sparse-mixer";

    /// <inheritdoc/>
    public override string Rule => "two experts, in training drawn from the logits near the largest; each weight is a softmax among those near";

    /// <inheritdoc/>
    public override string Balance => "balance loss";

    /// <inheritdoc/>
    internal override int DefaultTopK => 2;

    /// <inheritdoc/>
    internal override bool IsDefaultFor(MoeConfig moe) => moe.Gating == GatingKind.SparseMixer;

    /// <inheritdoc/>
    internal override MoeConfig Defaults(MoeConfig moe) => moe with { Gating = GatingKind.SparseMixer, NormalizeTopK = false };

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        RefuseBiasAndGroups(layer, moe);
        if (moe.TopK != 2 || moe.NormalizeTopK)
        {
            throw layer.Refuse(moe.TopK != 2 ? "top_k" : "normalize_top_k", $"the gate \"{Name}\" chooses 2 experts, whose weights are not normalized");
        }
    }

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new SparseMixerGate(site);
}
