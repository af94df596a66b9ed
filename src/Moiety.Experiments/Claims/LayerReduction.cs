using Moiety.Experiments.Running;

namespace Moiety.Experiments.Claims;

/// <summary>How many fewer layers this arm has than the other, in percent.</summary>
internal sealed class LayerReduction : ClaimKind
{
    /// <inheritdoc/>
    public override string Name => "layer-reduction";

    /// <inheritdoc/>
    public override string Description => "how many fewer layers it has";

    /// <inheritdoc/>
    public override string Unit => " %";

    /// <inheritdoc/>
    public override bool IsExact => true;

    /// <inheritdoc/>
    public override double? Measure(ArmResult arm, ArmResult against) =>
        (double)(against.Layers - arm.Layers) / against.Layers * 100;
}
