using System.Diagnostics;
using Moiety.Cli.Shell;

namespace Moiety.Cli.Displays;

/// <summary>
/// One line of progress on the error stream: rewritten in place for a person, a new plain line every few seconds otherwise.
/// </summary>
/// <param name="terminal">The streams.</param>
/// <param name="describe">The line for a state.</param>
internal sealed class ProgressLine<T>(Terminal terminal, Func<T, string> describe) : IProgress<T>, IDisposable
{
    private static readonly TimeSpan LivePause = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainPause = TimeSpan.FromSeconds(5);

    private long _last = Stopwatch.GetTimestamp();
    private int _width;

    /// <inheritdoc/>
    public void Report(T value)
    {
        if (Stopwatch.GetElapsedTime(_last) < (terminal.IsLive ? LivePause : PlainPause))
        {
            return;
        }

        _last = Stopwatch.GetTimestamp();
        string line = describe(value);
        if (terminal.IsLive)
        {
            terminal.Error.Write($"\r{line.PadRight(_width)}");
            _width = line.Length;
        }
        else
        {
            terminal.Error.WriteLine(line);
        }
    }

    /// <summary>Removes the line.</summary>
    public void Dispose()
    {
        if (_width > 0)
        {
            terminal.Error.Write($"\r{new string(' ', _width)}\r");
        }
    }
}
