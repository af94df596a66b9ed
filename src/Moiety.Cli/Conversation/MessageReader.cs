using System.Text;
using Moiety.Cli.Shell;

namespace Moiety.Cli.Conversation;

/// <summary>
/// Reads messages: a line each; a line that ends with \ goes on in the next one, and what stands between two lines of """ is one message
/// as it is. A person can edit the line and walk through what was typed before; a pipe is read as it comes.
/// </summary>
internal sealed class MessageReader(Terminal terminal)
{
    private const string Fence = "\"\"\"";
    private readonly LineBuffer _buffer = new();

    /// <summary>The next message without white space around it; null at the end of the input.</summary>
    /// <exception cref="OperationCanceledException">The user stopped the program instead.</exception>
    public string? Read()
    {
        if (ReadLine("> ") is not { } line)
        {
            return null;
        }

        if (line.TrimStart().StartsWith(Fence, StringComparison.Ordinal))
        {
            return ReadFenced(line.TrimStart()[Fence.Length..]);
        }

        StringBuilder message = new();
        while (line.EndsWith('\\'))
        {
            message.Append(line.AsSpan(0, line.Length - 1)).Append('\n');
            line = ReadLine("… ") ?? "";
        }

        return message.Append(line).ToString().Trim();
    }

    private string ReadFenced(string first)
    {
        StringBuilder message = new();
        string? line = first;
        while (line is not null)
        {
            if (line.TrimEnd().EndsWith(Fence, StringComparison.Ordinal))
            {
                message.Append(line.TrimEnd()[..^Fence.Length]);
                break;
            }

            message.Append(line).Append('\n');
            line = ReadLine("… ");
        }

        return message.ToString().Trim();
    }

    private string? ReadLine(string prompt)
    {
        if (!terminal.IsInteractive)
        {
            return terminal.ReadLine();
        }

        terminal.Error.Write(prompt);
        return terminal.IsOutputLive && terminal.IsLive ? Edit(prompt) : terminal.ReadLine();
    }

    private string? Edit(string prompt)
    {
        while (true)
        {
            ConsoleKeyInfo key = terminal.ReadKey();
            if (key.Key == ConsoleKey.D && key.Modifiers.HasFlag(ConsoleModifiers.Control) && _buffer.Text.Length == 0)
            {
                terminal.Error.WriteLine();
                return null;
            }

            bool finished = _buffer.Press(key);

            // The line anew, then the cursor where it belongs.
            terminal.Error.Write($"\r\e[K{prompt}{_buffer.Text}{(_buffer.Cursor < _buffer.Text.Length && !finished ? $"\r\e[{prompt.Length + _buffer.Cursor}C" : "")}");
            if (finished)
            {
                terminal.Error.WriteLine();
                return _buffer.Take();
            }
        }
    }
}
