using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Switch Transformer (Fedus et al., arXiv 2101.03961): one expert per token, whose weight is its probability. It is
/// <see cref="TopKGate"/> with k = 1, and refuses layers that are something else.
/// </summary>
internal sealed class SwitchKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "switch";

    /// <inheritdoc/>
    public override string Rule => "softmax over all experts, the best one; its weight is its probability";

    /// <inheritdoc/>
    public override string Balance => "balance loss";

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        if (moe.TopK != 1)
        {
            throw layer.Refuse("top_k", $"the gate \"{Name}\" sends a token to one expert, not to {moe.TopK}; \"top-k\" sends it to several");
        }

        if (moe.Gating != GatingKind.Softmax)
        {
            throw layer.Refuse("gating", $"the gate \"{Name}\" has a softmax over the experts; \"top-k\" takes sigmoids");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions DefaultOptions(MoeConfig moe) => TopKOptions.DefaultFor(this, moe);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) => TopKOptions.Read(this, gate, moe);

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new TopKGate(site, (TopKOptions)options);
}
