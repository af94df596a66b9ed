using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="GShardGate"/>. The engine serves it as top-2 with normalized weights.</summary>
internal sealed class GShardKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "gshard";

    /// <inheritdoc/>
    public override string Rule => "the best expert, and a second one that is visited with probability min(1, 2 w2) in training; weights renormalized";

    /// <inheritdoc/>
    public override string Balance => "balance loss on first choices";

    /// <inheritdoc/>
    internal override int DefaultTopK => 2;

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe)
    {
        if (moe.TopK != 2)
        {
            throw layer.Refuse("top_k", $"the gate \"{Name}\" sends a token to two experts, not to {moe.TopK}; \"top-k\" takes any number");
        }

        RequireSoftmaxOverChosen(layer, moe);
        if (moe.SelectionBias || moe.GroupCount > 1)
        {
            throw layer.Refuse(moe.SelectionBias ? "selection_bias" : "groups", $"the gate \"{Name}\" chooses by probability alone");
        }
    }

    /// <inheritdoc/>
    internal override GateOptions DefaultOptions(MoeConfig moe) => new GShardOptions(this, SecondNoise: true, SecondRandom: true);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) =>
        new GShardOptions(this, gate.Boolean("second_noise", true), gate.Boolean("second_random", true));

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new GShardGate(site, (GShardOptions)options);
}
