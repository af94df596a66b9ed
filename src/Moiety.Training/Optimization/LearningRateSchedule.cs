namespace Moiety.Training.Optimization;

/// <summary>Linear warm-up to the peak, then a half cosine down to the floor (arXiv 1608.03983 without restarts).</summary>
/// <param name="Peak">Learning rate after the warm-up.</param>
/// <param name="Floor">Learning rate at the end.</param>
/// <param name="WarmupSteps">Steps of the warm-up.</param>
public sealed record LearningRateSchedule(double Peak, double Floor, int WarmupSteps)
{
    /// <summary>The learning rate of a step.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    /// <param name="progress">Share of the whole run that is done, 0 to 1.</param>
    /// <param name="warmupShare">Share of the run that the warm-up takes, where the cosine starts.</param>
    public double At(long step, double progress, double warmupShare)
    {
        if (step <= WarmupSteps)
        {
            return Peak * step / WarmupSteps;
        }

        double decayed = Math.Clamp((progress - warmupShare) / Math.Max(1 - warmupShare, 1e-9), 0, 1);
        return Floor + (0.5 * (Peak - Floor) * (1 + Math.Cos(Math.PI * decayed)));
    }
}
