using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// Group-limited routing (DeepSeek-V2, arXiv 2405.04434): experts stand in groups, a token's experts come from its best groups, so that it
/// visits few devices. <see cref="TopKGate"/> does it for any gating; this kind requires groups.
/// </summary>
internal sealed class GroupLimitedKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "group-limited";

    /// <inheritdoc/>
    public override string Rule => "the best groups of experts by their best (or two best) scores, then the k best experts in these";

    /// <inheritdoc/>
    public override string Balance => "balance loss";

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        if (moe.GroupCount == 1)
        {
            throw layer.Refuse("groups", $"the gate \"{Name}\" needs groups; give their number, and \"group_top_k\" for how many of them a token may visit");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions DefaultOptions(MoeConfig moe) => TopKOptions.DefaultFor(this, moe);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) => TopKOptions.Read(this, gate, moe);

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new TopKGate(site, (TopKOptions)options);
}
