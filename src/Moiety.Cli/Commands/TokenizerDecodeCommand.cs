using System.CommandLine;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety tokenizer decode</c>: token ids to text.</summary>
internal static class TokenizerDecodeCommand
{
    private static readonly TokenizerOption Source = new();
    private static readonly Argument<string> Ids = new("ids") { Description = "Token ids with commas between; - reads them from standard input" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "decode",
            "Turn token ids into text. Special tokens are left out.",
            new Example("there and back again", "moiety tokenizer encode \"Mia has a red kite.\" | moiety tokenizer decode -"))
        {
            Ids,
        };
        Source.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string given = parsed.GetRequiredValue(Ids);
        using Checkpoint? checkpoint = Source.Open(parsed, out Tokenizer tokenizer);
        string list = given == "-" ? StrictText.Read(given, terminal) : given;
        terminal.Out.WriteLine(tokenizer.Decode(TokenIds.Parse(list, tokenizer.VocabularySize)));
    }
}
