using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>
/// A sigmoid for every expert, the k best, in groups or not, weights renormalized and scaled (DeepSeek-V3, arXiv 2412.19437, without its
/// balancing bias): <see cref="TopKGate"/> with other defaults.
/// </summary>
internal sealed class SigmoidKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "sigmoid";

    /// <inheritdoc/>
    public override string Rule => "a sigmoid for each expert, the k best, in groups or not; weights renormalized for k of 2 or more";

    /// <inheritdoc/>
    public override string Balance => "balance loss on shares of the sigmoids";

    /// <inheritdoc/>
    internal override MoeConfig Defaults(MoeConfig moe) => moe with { Gating = GatingKind.Sigmoid };

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        if (moe.Gating != GatingKind.Sigmoid)
        {
            throw layer.Refuse("gating", $"the gate \"{Name}\" has sigmoids; \"top-k\" has a softmax");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions DefaultOptions(MoeConfig moe) => TopKOptions.DefaultFor(this, moe);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) => TopKOptions.Read(this, gate, moe);

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new TopKGate(site, (TopKOptions)options);
}
