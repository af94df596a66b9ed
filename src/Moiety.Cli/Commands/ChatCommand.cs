using System.CommandLine;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety chat</c>: a conversation.</summary>
internal static class ChatCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly ChatOptions Chat = new();

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "chat",
            "Talk with a model. Its own chat template is used; a model without one gets \"Instruction: …\" and \"Reply: …\" lines. /help lists what can be "
            + "done within a conversation: system text, parameters, retry, undo, save, load. Ctrl-C ends the answer, and a second one the program. Nothing "
            + "is remembered unless you save it.",
            new Example("with the embedded model", "moiety chat"),
            new Example("with a model that was pulled", "moiety chat -m HuggingFaceTB/SmolLM2-135M-Instruct --system \"Answer in one sentence.\""),
            new Example("through a pipe", "printf 'Tell me a story.\\nName two animals.\\n' | moiety chat --greedy"));
        Model.AddTo(verb);
        Chat.AddTo(verb);
        verb.SetAction(parsed =>
        {
            Chat.Read(parsed);
            using OpenedModel model = Model.Open(parsed);
            Chat.Run(parsed, model, terminal);
        });
        return verb;
    }
}
