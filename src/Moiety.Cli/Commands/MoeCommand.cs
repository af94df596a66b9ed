using System.CommandLine;
using Moiety.Cli.Shell;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe</c>: its verbs.</summary>
internal static class MoeCommand
{
    public static Command Create(Terminal terminal) => new Verb(
        "moe",
        "Look into a Mixture-of-Experts, make it smaller, or make one of a dense model.",
        new Example("which experts of the embedded model do the work", "moiety moe routes held-out.jsonl"))
    {
        MoeRoutesCommand.Create(terminal),
        MoeDescribeCommand.Create(terminal),
        MoePruneCommand.Create(terminal),
        MoeMergeCommand.Create(terminal),
        MoeTraceCommand.Create(terminal),
        MoeGatesCommand.Create(terminal),
        MoeUpcycleCommand.Create(terminal),
    };
}
