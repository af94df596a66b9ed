using System.Runtime.InteropServices;
using System.Text;
using Moiety.Models;
using Spectre.Console;

namespace Moiety.Cli.Shell;

/// <summary>
/// The process's standard streams and Ctrl-C. Results go to <see cref="Out"/>, everything else (progress, statistics, errors) to
/// the error stream, so that a pipe carries results only.
/// </summary>
internal sealed class Terminal : IDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly StreamReader _input;
    private readonly List<PosixSignalRegistration> _signals = [];
    private CancellationTokenSource? _part;

    /// <summary>Takes over the streams and Ctrl-C.</summary>
    public Terminal()
    {
        UTF8Encoding utf8 = new(encoderShouldEmitUTF8Identifier: false);

        // Latin-1 keeps every byte, so that a line can be checked before it becomes text.
        _input = new StreamReader(Console.OpenStandardInput(), Encoding.Latin1, detectEncodingFromByteOrderMarks: false);
        Out = new StreamWriter(Console.OpenStandardOutput(), utf8) { AutoFlush = true };
        Error = new StreamWriter(Console.OpenStandardError(), utf8) { AutoFlush = true };
        Results = Create(Out, Console.IsOutputRedirected);
        Progress = Create(Error, Console.IsErrorRedirected);
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGINT, Interrupt));
        _signals.Add(PosixSignalRegistration.Create(PosixSignal.SIGTERM, Interrupt));
    }

    /// <summary>Standard output: results.</summary>
    public TextWriter Out { get; }

    /// <summary>Standard error: errors and plain progress lines.</summary>
    public TextWriter Error { get; }

    /// <summary>Standard output for tables; plain text when it is redirected.</summary>
    public IAnsiConsole Results { get; }

    /// <summary>Standard error for live displays.</summary>
    public IAnsiConsole Progress { get; }

    /// <summary>Whether a person watches the error stream, so that a live display makes sense.</summary>
    public bool IsLive => !Console.IsErrorRedirected && Progress.Profile.Capabilities.Interactive;

    /// <summary>Whether a person watches standard output.</summary>
    public bool IsOutputLive => !Console.IsOutputRedirected;

    /// <summary>Whether a person types on standard input.</summary>
    public bool IsInteractive => !Console.IsInputRedirected;

    /// <summary>Cancelled when the user wants the program to stop.</summary>
    public CancellationToken Stop => _stop.Token;

    /// <summary>Standard input as bytes.</summary>
    public Stream RawInput => _input.BaseStream;

    /// <summary>Reads a line of standard input; null at its end.</summary>
    /// <exception cref="OperationCanceledException">The user stopped the program instead.</exception>
    /// <exception cref="InvalidInputException">The line is not UTF-8.</exception>
    public string? ReadLine() => Task.Run(_input.ReadLine).WaitAsync(Stop).GetAwaiter().GetResult() is { } line
        ? StrictText.Decode(Encoding.Latin1.GetBytes(line), "a line of standard input")
        : null;

    /// <summary>Waits for a key; a person types.</summary>
    /// <exception cref="OperationCanceledException">The user stopped the program instead.</exception>
    public ConsoleKeyInfo ReadKey() => Task.Run(() => Console.ReadKey(intercept: true)).WaitAsync(Stop).GetAwaiter().GetResult();

    /// <summary>
    /// Starts a part of the work that Ctrl-C ends instead of the program, until the result is disposed.
    /// </summary>
    public CancellationTokenSource BeginInterruptible()
    {
        CancellationTokenSource part = CancellationTokenSource.CreateLinkedTokenSource(Stop);
        part.Token.Register(() => Interlocked.CompareExchange(ref _part, null, part));
        _part = part;
        return part;
    }

    /// <summary>Ends what <see cref="BeginInterruptible"/> began: Ctrl-C ends the program again.</summary>
    public void EndInterruptible(CancellationTokenSource part)
    {
        Interlocked.CompareExchange(ref _part, null, part);
        part.Dispose();
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _signals.ForEach(signal => signal.Dispose());
        _stop.Dispose();
    }

    // The first Ctrl-C asks the work to end in order; the second one is left to the system, which ends the process at once.
    private void Interrupt(PosixSignalContext context)
    {
        CancellationTokenSource? part = context.Signal == PosixSignal.SIGINT ? Interlocked.Exchange(ref _part, null) : null;
        if (part is not null)
        {
            context.Cancel = true;
            part.Cancel();
        }
        else if (!_stop.IsCancellationRequested)
        {
            context.Cancel = true;
            _stop.Cancel();
        }
    }

    private static IAnsiConsole Create(TextWriter writer, bool redirected)
    {
        IAnsiConsole console = AnsiConsole.Create(new AnsiConsoleSettings
        {
            Out = new AnsiConsoleOutput(writer),
            Ansi = redirected ? AnsiSupport.No : AnsiSupport.Detect,
            ColorSystem = redirected ? ColorSystemSupport.NoColors : ColorSystemSupport.Detect,
            Interactive = redirected ? InteractionSupport.No : InteractionSupport.Detect,
        });
        if (redirected)
        {
            // Nobody's window wraps a file: tables keep their natural width.
            console.Profile.Width = 240;
        }

        return console;
    }
}
