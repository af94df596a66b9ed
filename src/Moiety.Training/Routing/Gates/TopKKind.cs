using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>The default: <see cref="TopKGate"/> with whatever the layer says of gating, normalization, groups and bias.</summary>
internal sealed class TopKKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "top-k";

    /// <inheritdoc/>
    public override string Rule => "softmax over all experts, the k best; weights renormalized where the layer says so";

    /// <inheritdoc/>
    public override string Balance => "balance loss";

    /// <inheritdoc/>
    internal override bool IsDefaultFor(MoeConfig moe) => moe.Gating is GatingKind.Softmax or GatingKind.Sigmoid;

    /// <inheritdoc/>
    internal override GateOptions DefaultOptions(MoeConfig moe) => TopKOptions.DefaultFor(this, moe);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) => TopKOptions.Read(this, gate, moe);

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new TopKGate(site, (TopKOptions)options);
}
