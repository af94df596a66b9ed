using Moiety.Models.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>The default: see <see cref="TopKGate"/>.</summary>
internal sealed class TopKKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "top-k";

    /// <inheritdoc/>
    public override string Rule => "scores of all experts, the k best, renormalized if the layer says so";

    /// <inheritdoc/>
    public override string Balance => "balance loss";

    /// <inheritdoc/>
    internal override bool IsDefaultFor(MoeConfig moe) => moe.Gating is GatingKind.Softmax or GatingKind.Sigmoid;

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new TopKGate(site);
}
