using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="HashGate"/>.</summary>
internal sealed class HashKind : GateKind
{
    private static readonly Dictionary<string, bool> Tables = new(StringComparer.Ordinal) { ["random"] = false, ["balanced"] = true };

    /// <inheritdoc/>
    public override string Name => "hash";

    /// <inheritdoc/>
    public override string Rule => "a fixed table gives each token id its expert, with weight 1";

    /// <inheritdoc/>
    public override string Balance => "by the table: random, or even for the corpus's frequencies";

    /// <inheritdoc/>
    public override bool IsLearned => false;

    /// <inheritdoc/>
    internal override bool IsDefaultFor(MoeConfig moe) => moe.Gating == GatingKind.Hash;

    /// <inheritdoc/>
    internal override int RouterRows(MoeConfig moe) => 0;

    /// <inheritdoc/>
    internal override MoeConfig Defaults(MoeConfig moe) => moe with { Gating = GatingKind.Hash, NormalizeTopK = false };

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        RefuseBiasAndGroups(layer, moe);
        if (moe.TopK != 1 || moe.NormalizeTopK)
        {
            throw layer.Refuse(moe.TopK != 1 ? "top_k" : "normalize_top_k", $"the gate \"{Name}\" gives each token 1 expert, whose weight is 1");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) =>
        new HashOptions(this, gate.Choice("table", Tables, "random"), (ulong?)gate.OptionalInteger("seed", 0, long.MaxValue));

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new HashGate(options as HashOptions ?? new HashOptions(this, false, null), site);
}
