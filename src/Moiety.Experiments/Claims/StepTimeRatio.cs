using Moiety.Experiments.Running;

namespace Moiety.Experiments.Claims;

/// <summary>Processor time per trained token of this arm over the other's.</summary>
internal sealed class StepTimeRatio : ClaimKind
{
    /// <inheritdoc/>
    public override string Name => "time-per-token";

    /// <inheritdoc/>
    public override string Description => "its processor time per token over the other's";

    /// <inheritdoc/>
    public override string Unit => "×";

    /// <inheritdoc/>
    public override bool IsRatio => true;

    /// <inheritdoc/>
    public override double? Measure(ArmResult arm, ArmResult against) =>
        arm.ProcessorSeconds / arm.Tokens / (against.ProcessorSeconds / against.Tokens);
}
