using Moiety.Training.Distillation;

namespace Moiety.Training.Checkpoints;

/// <summary>Where a run is: with the weights and the moments, all that the next step depends on.</summary>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Sequences">Training sequences consumed: the data position. Random streams are derived from seed and step.</param>
/// <param name="Seconds">Training time so far.</param>
internal sealed record TrainingState(long Step, long Sequences, double Seconds)
{
    /// <summary>Where the distillation is, or null without one.</summary>
    public DistillationState? Distillation { get; init; }
}
