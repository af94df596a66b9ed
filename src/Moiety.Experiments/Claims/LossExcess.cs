using Moiety.Experiments.Running;

namespace Moiety.Experiments.Claims;

/// <summary>How far this arm's final loss lies above the other's, in percent of it; negative when it is below.</summary>
internal sealed class LossExcess : ClaimKind
{
    /// <inheritdoc/>
    public override string Name => "loss-excess";

    /// <inheritdoc/>
    public override string Description => "how far its held-out loss is above";

    /// <inheritdoc/>
    public override string Unit => " %";

    /// <inheritdoc/>
    public override double? Measure(ArmResult arm, ArmResult against) =>
        (arm.Loss - against.Loss) / against.Loss * 100;
}
