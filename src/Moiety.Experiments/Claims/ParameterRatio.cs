using Moiety.Experiments.Running;

namespace Moiety.Experiments.Claims;

/// <summary>Parameters of the other arm over those of this one.</summary>
internal sealed class ParameterRatio : ClaimKind
{
    /// <inheritdoc/>
    public override string Name => "parameter-ratio";

    /// <inheritdoc/>
    public override string Description => "how many times fewer parameters it has";

    /// <inheritdoc/>
    public override string Unit => "×";

    /// <inheritdoc/>
    public override bool IsRatio => true;

    /// <inheritdoc/>
    public override bool IsExact => true;

    /// <inheritdoc/>
    public override double? Measure(ArmResult arm, ArmResult against) =>
        (double)against.Parameters / arm.Parameters;
}
