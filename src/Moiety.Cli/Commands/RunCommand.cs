using System.CommandLine;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models.Hub;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety run</c>: from a name on the hub to a conversation.</summary>
internal static class RunCommand
{
    private static readonly Argument<string> Name = new("model") { Description = "owner/name or owner/name:quantization on the Hugging Face Hub, or a file or folder" };
    private static readonly ModelOptions Engine = new(hasModel: false);
    private static readonly ChatOptions Chat = new();

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "run",
            "Pull a model from the Hugging Face Hub unless it is there already, and talk with it.",
            new Example("a small model", "moiety run HuggingFaceTB/SmolLM2-135M-Instruct"),
            new Example("one GGUF file", "moiety run ggml-org/gemma-3-1b-it-GGUF:Q4_K_M"))
        {
            Name,
        };
        Engine.AddTo(verb);
        Chat.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        Chat.Read(parsed);
        string name = parsed.GetRequiredValue(Name);
        using OpenedModel model = Engine.Open(parsed, LocalModel.FindOr(name, (_, reference) => PullCommand.Pull(reference, terminal)));
        Chat.Run(parsed, model, terminal);
    }
}
