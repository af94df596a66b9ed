using System.CommandLine;
using Moiety.Cli.Shell;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety data</c>: its verbs.</summary>
internal static class DataCommand
{
    public static Command Create(Terminal terminal) => new Verb(
        "data",
        "Make data to train and to measure with.",
        new Example("50 MB of stories with the truth behind them", "moiety data story-world --size 50MB --out corpus.jsonl"))
    {
        DataStoryWorldCommand.Create(terminal),
    };
}
