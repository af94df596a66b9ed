using System.CommandLine;
using Moiety.Cli.Shell;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety evaluate</c>: its verbs.</summary>
internal static class EvaluateCommand
{
    public static Command Create(Terminal terminal) => new Verb(
        "evaluate",
        "Measure what a model knows, and what it loses when its weights get smaller.",
        new Example("the embedded model on the story world's questions", "moiety evaluate questions held-out.jsonl"))
    {
        EvaluateQuestionsCommand.Create(terminal),
        EvaluateQuantizationCommand.Create(terminal),
    };
}
