using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="NoisyTopKGate"/>. The engine serves it without noise, as a normalized softmax.</summary>
internal sealed class NoisyTopKKind : GateKind
{
    // The paper's language models have 0.1 for both.
    private const double DefaultCoefficient = 0.1;

    /// <inheritdoc/>
    public override string Name => "noisy-top-k";

    /// <inheritdoc/>
    public override string Rule => "logits plus normal noise of a learned size (in training), the k largest, softmax over these";

    /// <inheritdoc/>
    public override string Balance => "importance and load losses";

    /// <inheritdoc/>
    internal override int DefaultTopK => 2;

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        RequireSoftmaxOverChosen(layer, moe);
        if (moe.SelectionBias || moe.GroupCount > 1)
        {
            throw layer.Refuse(moe.SelectionBias ? "selection_bias" : "groups", $"the gate \"{Name}\" chooses by noisy logits alone");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions DefaultOptions(MoeConfig moe) => new NoisyTopKOptions(this, DefaultCoefficient, DefaultCoefficient);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) => new NoisyTopKOptions(
        this,
        gate.Number("importance_loss", 0, 100, DefaultCoefficient),
        gate.Number("load_loss", 0, 100, DefaultCoefficient));

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new NoisyTopKGate(site, (NoisyTopKOptions)options);
}
