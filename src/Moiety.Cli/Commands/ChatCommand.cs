using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Decoding;
using Moiety.Decoding.Chat;
using Moiety.Models;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety chat</c>: a conversation, a line at a time.</summary>
internal static class ChatCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly SamplingOptions Sampling = new();
    private static readonly Option<string?> System = new("--system")
    {
        Description = "Text that goes before the conversation",
        HelpName = "TEXT",
    };

    private static readonly Option<bool> Stats = new("--stats") { Description = "Show token counts, speed and seed after each answer, on standard error" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "chat",
            "Talk with a model. Each line is a message; the conversation stays in the context. /reset forgets it, /system TEXT sets what goes before it, "
            + "/exit ends. Ctrl-C ends the answer, and a second one the program. The conversation is written as \"Instruction: …\" and \"Reply: …\" lines.",
            new Example("with the embedded model", "moiety chat"),
            new Example("through a pipe", "printf 'Tell me a story.\\nName two animals.\\n' | moiety chat --greedy"));
        Model.AddTo(verb);
        Sampling.AddTo(verb);
        verb.Add(System);
        verb.Add(Stats);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        SamplingChoice choice = Sampling.Read(parsed);
        using OpenedModel model = Model.Open(parsed);
        using ChatSession session = new(model.Engine, model.Tokenizer, TranscriptFormat.Instructions) { System = parsed.GetValue(System) };
        if (terminal.IsInteractive)
        {
            terminal.Error.WriteLine("Type a message. /reset forgets the conversation, /system TEXT sets what goes before it, /exit ends.");
        }

        while (ReadLine(terminal) is { } line)
        {
            string message = line.Trim();
            if (message == "/exit")
            {
                return;
            }

            if (message.StartsWith('/'))
            {
                Obey(message, session, terminal);
            }
            else if (message.Length > 0)
            {
                Answer(message, session, choice, parsed.GetValue(Stats), terminal);
            }
        }

        terminal.Stop.ThrowIfCancellationRequested();
    }

    private static string? ReadLine(Terminal terminal)
    {
        if (terminal.IsInteractive)
        {
            terminal.Error.Write("> ");
        }

        return terminal.ReadLine();
    }

    private static void Obey(string message, ChatSession session, Terminal terminal)
    {
        string[] parts = message.Split(' ', 2, StringSplitOptions.TrimEntries);
        switch (parts[0])
        {
            case "/reset":
                session.Reset();
                break;
            case "/system":
                session.System = parts.Length > 1 ? parts[1] : null;
                break;
            default:
                terminal.Error.WriteLine($"error: there is no command {parts[0]}; known: /exit, /reset, /system TEXT");
                break;
        }
    }

    // What goes wrong with one message (a full context, most of all) does not end the conversation.
    private static void Answer(string message, ChatSession session, SamplingChoice choice, bool stats, Terminal terminal)
    {
        CancellationTokenSource answering = terminal.BeginInterruptible();
        try
        {
            GenerationResult result = session.Reply(message, choice.Options, terminal.Out.Write, answering.Token);
            terminal.Out.WriteLine();
            if (stats)
            {
                GenerationStatistics.Write(terminal, [result], choice.Seed);
            }
        }
        catch (OperationCanceledException) when (!terminal.Stop.IsCancellationRequested)
        {
            terminal.Out.WriteLine();
        }
        catch (InvalidInputException error)
        {
            terminal.Out.WriteLine();
            terminal.Error.WriteLine($"error: {error.Message} (/reset forgets the conversation)");
        }
        finally
        {
            terminal.EndInterruptible(answering);
        }
    }
}
