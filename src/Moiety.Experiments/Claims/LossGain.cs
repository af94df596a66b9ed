using Moiety.Experiments.Running;

namespace Moiety.Experiments.Claims;

/// <summary>How far this arm's final loss lies below the other's, in nats per token; negative when it is above.</summary>
internal sealed class LossGain : ClaimKind
{
    /// <inheritdoc/>
    public override string Name => "loss-gain";

    /// <inheritdoc/>
    public override string Description => "how far its held-out loss is below";

    /// <inheritdoc/>
    public override string Unit => " nats";

    /// <inheritdoc/>
    public override double? Measure(ArmResult arm, ArmResult against) =>
        against.Loss - arm.Loss;
}
