using Moiety.Models;
using Moiety.Training;

namespace Moiety.Experiments.Running;

/// <summary>
/// Measures what a training will take by doing its first steps in a folder that is removed afterwards; without a teacher, which may not be
/// trained yet and is counted by its operations.
/// </summary>
public static class StepTimer
{
    // Code is compiled anew, and better, during the first seconds of a process; small models make hundreds of steps in them.
    private static readonly TimeSpan Length = TimeSpan.FromSeconds(8);
    private const int Steps = 400;
    private const int Window = 5;

    /// <summary>Processor time of a training, by the fastest of the first steps.</summary>
    /// <param name="run">The training.</param>
    /// <param name="threads">Threads; null for what the configuration says.</param>
    /// <param name="cancellationToken">Stops the measurement.</param>
    /// <exception cref="InvalidInputException">The configuration or the data is wrong.</exception>
    public static TimeSpan Measure(ArmRun run, int? threads, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        string folder = Directory.CreateTempSubdirectory("moiety-experiment-").FullName;
        try
        {
            Fastest fastest = new();
            using Trainer trainer = Trainer.Open(
                run.Config with
                {
                    Steps = Steps,
                    TimeLimit = Length,
                    LogInterval = Window,
                    ValidationCorpora = [],
                    Distillation = null,
                    CheckpointInterval = int.MaxValue,
                    Threads = threads ?? run.Config.Threads,
                },
                folder,
                resume: false,
                fastest,
                cancellationToken);
            trainer.Run(fastest, cancellationToken);
            cancellationToken.ThrowIfCancellationRequested();
            double tokens = run.TrainingFlops / run.FlopsPerToken;
            return TimeSpan.FromSeconds(tokens / fastest.TokensPerCpuSecond);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private sealed class Fastest : IProgress<TrainingProgress>
    {
        internal double TokensPerCpuSecond { get; private set; }

        public void Report(TrainingProgress value)
        {
            if (value.Stage == "training")
            {
                TokensPerCpuSecond = Math.Max(TokensPerCpuSecond, value.TokensPerCpuSecond);
            }
        }
    }
}
