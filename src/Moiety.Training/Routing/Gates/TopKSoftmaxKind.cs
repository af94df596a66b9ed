using Moiety.Models.Configuration;
using Moiety.Training.Configuration;

namespace Moiety.Training.Routing.Gates;

/// <summary>See <see cref="TopKSoftmaxGate"/>. The engine serves it as a normalized softmax, which is the same but for rounding.</summary>
internal sealed class TopKSoftmaxKind : GateKind
{
    /// <inheritdoc/>
    public override string Name => "top-k-softmax";

    /// <inheritdoc/>
    public override string Rule => "the k largest logits, softmax over these";

    /// <inheritdoc/>
    public override string Balance => "balance loss";

    /// <inheritdoc/>
    internal override int DefaultTopK => 2;

    /// <inheritdoc/>
    internal override void Check(ConfigSection layer, MoeConfig moe) => RequireSoftmaxOverChosen(layer, moe);

    /// <inheritdoc/>
    internal override GateOptions DefaultOptions(MoeConfig moe) => TopKOptions.DefaultFor(this, moe);

    /// <inheritdoc/>
    internal override GateOptions Read(ConfigSection gate, MoeConfig moe) => TopKOptions.Read(this, gate, moe);

    /// <inheritdoc/>
    internal override IGate Create(GateOptions options, GateSite site) => new TopKSoftmaxGate(site, (TopKOptions)options);
}
