namespace Moiety.Training;

/// <summary>How a run ended.</summary>
/// <param name="Step">Optimizer steps done.</param>
/// <param name="Completed">Whether the run is over; false when it was cancelled and can be resumed.</param>
/// <param name="CrossEntropy">Training cross-entropy of the last step.</param>
/// <param name="Validation">The final evaluation, or null without validation corpora or when cancelled.</param>
public sealed record TrainingResult(long Step, bool Completed, double CrossEntropy, EvaluationResult? Validation);
