namespace Moiety.Experiments.Running;

/// <summary>The held-out loss at one moment of a training, and what the training had cost until then.</summary>
/// <param name="Step">Optimizer steps.</param>
/// <param name="Tokens">Tokens trained on.</param>
/// <param name="Flops">Operations of the training, see <see cref="ArmResult.FlopsPerToken"/>.</param>
/// <param name="Seconds">Wall time of the training steps, without evaluations and checkpoints.</param>
/// <param name="ProcessorSeconds">The same in processor time of all threads.</param>
/// <param name="Loss">Held-out cross-entropy in nats per token.</param>
public sealed record CurvePoint(long Step, long Tokens, double Flops, double Seconds, double ProcessorSeconds, double Loss);
