using System.CommandLine;
using Moiety.Cli.Conversation;
using Moiety.Cli.Shell;

namespace Moiety.Cli.Options;

/// <summary>The options of a conversation; the same for every verb that begins one.</summary>
internal sealed class ChatOptions
{
    private readonly SamplingOptions _sampling = new();
    private readonly Option<string?> _system = new("--system") { Description = "Text that goes before the conversation", HelpName = "TEXT" };
    private readonly Option<bool> _stats = new("--stats") { Description = "Show token counts, speed and seed after each answer, on standard error" };

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        _sampling.AddTo(command);
        command.Add(_system);
        command.Add(_stats);
    }

    /// <summary>Checks the options before a model is opened.</summary>
    public SamplingSettings Read(ParseResult parsed) => _sampling.Read(parsed);

    /// <summary>Talks until the end of the input.</summary>
    public void Run(ParseResult parsed, OpenedModel model, Terminal terminal)
    {
        using ChatLoop loop = new(model, Read(parsed), parsed.GetValue(_stats), terminal);
        loop.Session.System = parsed.GetValue(_system);
        loop.Run();
    }
}
