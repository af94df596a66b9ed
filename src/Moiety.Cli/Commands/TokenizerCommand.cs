using System.CommandLine;
using Moiety.Cli.Shell;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety tokenizer</c>: its verbs.</summary>
internal static class TokenizerCommand
{
    public static Command Create(Terminal terminal) => new Verb(
        "tokenizer",
        "Train a tokenizer, and see what a tokenizer makes of a text.",
        new Example("a vocabulary of 4096 tokens from a corpus", "moiety tokenizer train corpus.jsonl --vocab-size 4096 --out tokenizer/"),
        new Example("what the embedded model sees", "moiety tokenizer encode \"Mia has a red kite.\" --pieces"))
    {
        TokenizerTrainCommand.Create(terminal),
        TokenizerEncodeCommand.Create(terminal),
        TokenizerDecodeCommand.Create(terminal),
    };
}
