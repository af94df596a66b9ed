using Moiety.Experiments.Running;

namespace Moiety.Experiments.Claims;

/// <summary>Training operations of the other arm over those that this arm took to come down to the other's final loss.</summary>
internal sealed class FlopsToLoss : ClaimKind
{
    /// <inheritdoc/>
    public override string Name => "flops-to-loss";

    /// <inheritdoc/>
    public override string Description => "how many times fewer training FLOPs reach its final loss";

    /// <inheritdoc/>
    public override string Unit => "×";

    /// <inheritdoc/>
    public override bool IsRatio => true;

    /// <inheritdoc/>
    public override double? Measure(ArmResult arm, ArmResult against) => Ratio(arm, against);

    /// <summary>The ratio, or null when the arm never came down to the other's loss.</summary>
    internal static double? Ratio(ArmResult arm, ArmResult against) =>
        against.TrainingFlops / new LossCurve(arm.Curve).CostAt(against.Loss, point => point.Flops);
}
