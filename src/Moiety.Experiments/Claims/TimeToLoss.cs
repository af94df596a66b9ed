using Moiety.Experiments.Running;

namespace Moiety.Experiments.Claims;

/// <summary>Processor time of the other arm's training over that which this arm took to come down to the other's final loss.</summary>
internal sealed class TimeToLoss : ClaimKind
{
    /// <inheritdoc/>
    public override string Name => "time-to-loss";

    /// <inheritdoc/>
    public override string Description => "how many times less processor time reaches its final loss";

    /// <inheritdoc/>
    public override string Unit => "×";

    /// <inheritdoc/>
    public override bool IsRatio => true;

    /// <inheritdoc/>
    public override double? Measure(ArmResult arm, ArmResult against) =>
        against.ProcessorSeconds / new LossCurve(arm.Curve).CostAt(against.Loss, point => point.ProcessorSeconds);
}
