using Moiety.Cli.Shell;
using Moiety.Training;
using Moiety.Training.Configuration;

namespace Moiety.Cli.Displays.Training;

/// <summary>A training that a verb starts: watched while it runs, then exported and drawn.</summary>
internal static class TrainingRun
{
    /// <summary>Trains to the end of the run, or until Ctrl-C.</summary>
    /// <param name="config">What to train.</param>
    /// <param name="folder">Folder of the run.</param>
    /// <param name="resume">Whether to go on from its newest checkpoint.</param>
    /// <param name="command">The command line that goes on with it, but for <c>--resume</c>.</param>
    /// <param name="terminal">Where to show it.</param>
    /// <returns>The exit code.</returns>
    public static int Execute(TrainingConfig config, string folder, bool resume, string command, Terminal terminal)
    {
        string? obstacle = null;
        string model = Path.Combine(folder, RunExport.FolderName(config));
        TrainingResult result = TrainingWatch.Run(terminal, command, observer =>
        {
            using Trainer trainer = Trainer.Open(config, folder, resume, observer, terminal.Stop);
            TrainingResult trained = trainer.Run(observer, terminal.Stop);
            obstacle = trainer.ExportObstacle;
            if (trained.Completed && obstacle is null)
            {
                trainer.Export(model, terminal.Stop);
            }

            return trained;
        });
        IReadOnlyList<string> curves = LossCurve.Write(folder);
        if (!result.Completed)
        {
            terminal.Error.WriteLine($"stopped after step {result.Step:#,0}; go on with: {command} --resume");
            return ExitCodes.Interrupted;
        }

        if (obstacle is not null)
        {
            terminal.Error.WriteLine(obstacle);
        }

        terminal.Out.WriteLine($"{(obstacle is null ? model : folder)}: trained for {result.Step:#,0} steps, training loss {result.CrossEntropy:0.0000}"
            + (result.Validation is { } validation ? $", held-out perplexity {validation.Perplexity:0.000}" : ""));
        terminal.Out.WriteLine($"loss curve: {string.Join(", ", curves)}");
        return ExitCodes.Success;
    }
}
