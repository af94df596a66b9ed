using System.CommandLine;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety tokenizer encode</c>: text to token ids.</summary>
internal static class TokenizerEncodeCommand
{
    private static readonly PromptOptions Prompt = new("The text; - reads standard input", "text");
    private static readonly TokenizerOption Source = new();
    private static readonly Option<bool> Pieces = new("--pieces") { Description = "One token per line: its id and how the vocabulary spells it" };
    private static readonly Option<bool> Plain = new("--no-special") { Description = "Leave out the tokens that the tokenizer puts around a text" };
    private static readonly Option<bool> ParseSpecial = new("--parse-special") { Description = "Read the written form of special tokens in the text as these tokens" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "encode",
            "Turn text into token ids.",
            new Example("ids, with commas between", "moiety tokenizer encode \"Mia has a red kite.\""),
            new Example("a file, token by token, with another model's tokenizer", "moiety tokenizer encode -f text.txt -m model.gguf --pieces"));
        Prompt.AddTo(verb);
        Source.AddTo(verb);
        verb.Add(Pieces);
        verb.Add(Plain);
        verb.Add(ParseSpecial);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string text = Prompt.Read(parsed, terminal);
        using Checkpoint? checkpoint = Source.Open(parsed, out Tokenizer tokenizer);
        int[] ids = tokenizer.Encode(text, !parsed.GetValue(Plain), parsed.GetValue(ParseSpecial));
        if (!parsed.GetValue(Pieces))
        {
            terminal.Out.WriteLine(string.Join(',', ids));
            return;
        }

        foreach (int id in ids)
        {
            terminal.Out.WriteLine($"{id,7}  {tokenizer.GetPiece(id)}");
        }
    }
}
