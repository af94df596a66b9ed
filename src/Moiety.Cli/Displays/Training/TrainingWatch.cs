using Moiety.Cli.Shell;
using Moiety.Training;
using Spectre.Console;

namespace Moiety.Cli.Displays.Training;

/// <summary>Shows a training while it runs: a live picture for a person, plain lines otherwise.</summary>
internal static class TrainingWatch
{
    /// <summary>Runs a training under an observer that shows it.</summary>
    public static T Run<T>(Terminal terminal, string title, Func<IProgress<TrainingProgress>, T> train)
    {
        if (!terminal.IsLive)
        {
            return train(new Observer(progress => TrainingLines.Write(progress, terminal)));
        }

        TrainingDisplay display = new(title);
        return terminal.Progress.Live(display.Render()).Start(live => train(new Observer(progress =>
        {
            display.Update(progress);
            live.UpdateTarget(display.Render());
        })));
    }

    private sealed class Observer(Action<TrainingProgress> report) : IProgress<TrainingProgress>
    {
        public void Report(TrainingProgress value) => report(value);
    }
}
