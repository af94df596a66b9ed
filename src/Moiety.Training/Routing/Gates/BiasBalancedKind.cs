using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="BiasBalancedGate"/>. The bias is a parameter of the model, exported and served.</summary>
internal sealed class BiasBalancedKind : GateKind
{
    private const double DefaultRate = 0.001;

    /// <inheritdoc/>
    public override string Name => "bias-balanced";

    /// <inheritdoc/>
    public override string Rule => "chosen by score (sigmoids by default) plus a bias for each expert; weights from the scores alone";

    /// <inheritdoc/>
    public override string Balance => "no loss: after each step biases rise by u for experts below the mean load and fall for those above";

    /// <inheritdoc/>
    internal override MoeConfig Defaults(MoeConfig moe) => moe with { Gating = GatingKind.Sigmoid, SelectionBias = true };

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        if (!moe.SelectionBias)
        {
            throw layer.Refuse("selection_bias", $"false is not allowed with the gate \"{Name}\", which balances by this bias");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions DefaultOptions(MoeConfig moe) => new BiasBalancedOptions(this, TopKOptions.DefaultFor(this, moe), DefaultRate, 0);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) => new BiasBalancedOptions(
        this,
        TopKOptions.Read(this, gate, moe),
        gate.Number("update_rate", 0, 1, DefaultRate),
        gate.Number("sequence_loss", 0, 100, 0));

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new BiasBalancedGate(site, (BiasBalancedOptions)options);
}
