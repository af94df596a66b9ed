using Moiety.Cli.Shell;
using Moiety.Training;

namespace Moiety.Cli.Displays.Training;

/// <summary>A training as plain lines, for a log file.</summary>
internal static class TrainingLines
{
    /// <summary>Writes one line.</summary>
    public static void Write(TrainingProgress progress, Terminal terminal)
    {
        string step = $"step {progress.Step}/{progress.Steps}";
        terminal.Error.WriteLine(progress.Stage switch
        {
            "tokenizing" => $"tokenizing: {progress.Tokens:#,0} tokens",
            "training" => $"{step} ({Format.Percent(progress.Completed)}) loss {progress.CrossEntropy:0.0000}{Distillation(progress)} balance {progress.Balance:0.000} "
                + $"lr {progress.LearningRate:0.00e+0} norm {progress.GradientNorm:0.00} {Format.Rate(progress.TokensPerSecond)} tokens/s{Dropped(progress)}",
            "evaluating" when progress.Validation is { } validation =>
                $"{step} held out: loss {validation.CrossEntropy:0.0000} perplexity {validation.Perplexity:0.000}"
                + (progress.CrossEntropyWithoutTeacher is { } without ? $" (without the teacher: loss {without:0.0000})" : ""),
            _ => $"{step} {progress.Stage}",
        });
        foreach (RouterAlarm alarm in progress.Alarms)
        {
            terminal.Error.WriteLine($"{step} warning: {alarm}");
        }
    }

    private static string Distillation(TrainingProgress progress) => progress.Distillation is { } distillation ? $" kd {distillation:0.0000}" : "";

    private static string Dropped(TrainingProgress progress) => progress.Routers.Length == 0
        ? ""
        : $" dropped {Format.Percent(progress.Routers.Average(router => router.Dropped))}";
}
