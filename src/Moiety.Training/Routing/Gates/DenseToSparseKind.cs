using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="DenseToSparseGate"/>.</summary>
internal sealed class DenseToSparseKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "dense-to-sparse";

    /// <inheritdoc/>
    public override string Rule => "Gumbel-softmax over all experts, then fewer and fewer as the temperature falls, in the end the k best";

    /// <inheritdoc/>
    public override string Balance => "balance loss";

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe) => RefuseBeyondSoftmax(layer, moe);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) => new DenseToSparseOptions(
        this,
        gate.Number("temperature", 1, 1000, 2),
        gate.Number("threshold", 0, 1, 0.001),
        gate.Number("share", 0, 1, 0.5));

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) =>
        new DenseToSparseGate(options as DenseToSparseOptions ?? new DenseToSparseOptions(this, 2, 0.001, 0.5), site);
}
