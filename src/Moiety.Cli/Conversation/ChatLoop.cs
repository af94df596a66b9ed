using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Decoding;
using Moiety.Decoding.Chat;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Cli.Conversation;

/// <summary>A conversation at the terminal or through a pipe. Nothing of it outlives the program unless the user saves it.</summary>
internal sealed class ChatLoop : IDisposable
{
    private readonly Terminal _terminal;
    private readonly Checkpoint _checkpoint;
    private readonly Tokenizer _tokenizer;
    private readonly bool _showStatistics;
    private SamplingSettings _sampling;
    private bool _hasEnded;

    public ChatLoop(OpenedModel model, SamplingSettings sampling, bool showStatistics, Terminal terminal)
    {
        _terminal = terminal;
        _checkpoint = model.Checkpoint;
        _tokenizer = model.Tokenizer;
        _sampling = sampling;
        _showStatistics = showStatistics;
        model.Checkpoint.ChatTemplate?.Check();
        Session = new ChatSession(model.Engine, model.Tokenizer, model.Checkpoint.ChatTemplate is { } template ? new TemplateFormat(template) : TranscriptFormat.Instructions);
    }

    /// <summary>The conversation.</summary>
    public ChatSession Session { get; }

    /// <summary>Reads messages and commands until the end of the input.</summary>
    /// <exception cref="OperationCanceledException">The user stopped the program.</exception>
    public void Run()
    {
        if (_terminal.IsInteractive)
        {
            _terminal.Error.WriteLine("Type a message, or /help. A line that ends with \\ goes on in the next one; \"\"\" begins and ends a message of many lines.");
        }

        MessageReader reader = new(_terminal);
        while (!_hasEnded && reader.Read() is { } message)
        {
            if (message.StartsWith('/'))
            {
                Obey(message);
            }
            else if (message.Length > 0)
            {
                Answer(message);
            }
        }

        _terminal.Stop.ThrowIfCancellationRequested();
    }

    /// <summary>Lists the commands.</summary>
    public void Help()
    {
        int width = ChatVerbs.All.Max(verb => verb.Usage.Length);
        foreach (ChatVerb verb in ChatVerbs.All)
        {
            _terminal.Error.WriteLine($"{verb.Usage.PadRight(width)}  {verb.Summary}");
        }
    }

    /// <summary>Changes a parameter, or shows all.</summary>
    public void Set(string text)
    {
        string[] parts = text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length is not (0 or 2))
        {
            throw new InvalidInputException($"/set NAME VALUE: a name and a value are expected; known names: {SamplingSettings.Names}");
        }

        _sampling = parts.Length == 2 ? _sampling.With(parts[0], parts[1]) : _sampling;
        foreach ((string name, string value) in parts.Length == 0 ? _sampling.All : [])
        {
            _terminal.Error.WriteLine($"{name} {value}");
        }
    }

    /// <summary>Changes the adapter.</summary>
    public void Adapt(string path) => Session.Adapter = path.Length > 0 ? LoraAdapter.Open(path, _checkpoint) : null;

    /// <summary>Answers the last message again. A seed gives one answer, so the next one is taken.</summary>
    public void Retry()
    {
        ChatTurn turn = Session.Undo() ?? throw new InvalidInputException("there is no message to answer again");
        _sampling = _sampling with { Seed = _sampling.Seed + 1 };
        Answer(turn.Message);
    }

    /// <summary>Takes back the last message.</summary>
    public void Undo()
    {
        ChatTurn turn = Session.Undo() ?? throw new InvalidInputException("there is nothing to take back");
        _terminal.Error.WriteLine($"taken back: {turn.Message}");
    }

    /// <summary>Shows the conversation.</summary>
    public void Show()
    {
        if (Session.System is { } system)
        {
            _terminal.Error.WriteLine($"system: {system}");
        }

        foreach (ChatTurn turn in Session.Turns)
        {
            _terminal.Error.WriteLine($"> {turn.Message}");
            _terminal.Error.WriteLine(turn.Answer);
        }
    }

    /// <summary>Writes the conversation into a file.</summary>
    public void Save(string path)
    {
        SavedChat.Write(path, Session.System, Session.Turns);
        _terminal.Error.WriteLine($"{path}: {Count(Session.Turns.Count)} saved");
    }

    /// <summary>Goes on with a conversation from a file.</summary>
    public void Load(string path)
    {
        (Session.System, IReadOnlyList<ChatTurn> turns) = SavedChat.Read(path);
        Session.Restore(turns);
        _terminal.Error.WriteLine($"{path}: {Count(turns.Count)} loaded");
    }

    /// <summary>Ends the conversation.</summary>
    public void End() => _hasEnded = true;

    public void Dispose() => Session.Dispose();

    private static string Count(int messages) => messages == 1 ? "1 message" : $"{messages} messages";

    private void Obey(string message)
    {
        string[] parts = message.Split((char[]?)null, 2, StringSplitOptions.TrimEntries);
        try
        {
            ChatVerb verb = ChatVerbs.All.FirstOrDefault(verb => verb.Name == parts[0])
                ?? throw new InvalidInputException($"there is no command {parts[0]}; known: {string.Join(", ", ChatVerbs.All.Select(verb => verb.Usage))}");
            verb.Run(this, parts.Length > 1 ? parts[1] : "");
        }
        catch (InvalidInputException error)
        {
            _terminal.Error.WriteLine($"error: {error.Message}");
        }
    }

    // What goes wrong with one message (a full context, most of all) does not end the conversation.
    private void Answer(string message)
    {
        SamplingChoice choice = _sampling.ToChoice(_tokenizer);
        CancellationTokenSource answering = _terminal.BeginInterruptible();
        try
        {
            GenerationResult result = Session.Reply(message, choice.Options, _terminal.Out.Write, answering.Token);
            _terminal.Out.WriteLine();
            if (_showStatistics)
            {
                GenerationStatistics.Write(_terminal, [result], choice.Seed);
            }
            else if (_terminal.IsInteractive && result.DecodeTime > TimeSpan.Zero)
            {
                _terminal.Error.WriteLine($"({result.Tokens.Length} tokens, {Format.Rate((result.Tokens.Length - 1) / result.DecodeTime.TotalSeconds)} tokens/s)");
            }
        }
        catch (OperationCanceledException) when (!_terminal.Stop.IsCancellationRequested)
        {
            _terminal.Out.WriteLine();
        }
        catch (InvalidInputException error)
        {
            _terminal.Out.WriteLine();
            _terminal.Error.WriteLine($"error: {error.Message} (/undo takes a message back, /reset forgets the conversation)");
        }
        finally
        {
            _terminal.EndInterruptible(answering);
        }
    }
}
