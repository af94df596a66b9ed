using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Shell;
using Moiety.Data.Corpora;
using Moiety.Models.Tokenizers;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety tokenizer train</c>: byte-level BPE from a corpus.</summary>
internal static class TokenizerTrainCommand
{
    private static readonly Argument<string> Corpus = new("corpus") { Description = "A .jsonl or .txt file, a folder of them, or a pattern" };
    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "Folder for tokenizer.json and tokenizer_config.json",
        HelpName = "FOLDER",
        Required = true,
    };

    private static readonly Option<int> VocabularySize = new("--vocab-size")
    {
        Description = "Tokens of the vocabulary, special tokens and the 256 bytes included",
        HelpName = "N",
        DefaultValueFactory = _ => 4096,
    };

    private static readonly Option<int> MinFrequency = new("--min-frequency")
    {
        Description = "A pair that occurs less often is never merged",
        HelpName = "N",
        DefaultValueFactory = _ => 2,
    };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "train",
            "Train a byte-level BPE tokenizer on a corpus and write it as Hugging Face tools read it.",
            new Example("4096 tokens", "moiety tokenizer train corpus.jsonl --vocab-size 4096 --out tokenizer/"))
        {
            Corpus,
            Out,
            VocabularySize,
            MinFrequency,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        BpeTrainerOptions options = new()
        {
            VocabularySize = parsed.GetValue(VocabularySize),
            MinFrequency = parsed.GetValue(MinFrequency),
        };
        Corpus corpus = Data.Corpora.Corpus.Open(parsed.GetRequiredValue(Corpus));
        string folder = parsed.GetRequiredValue(Out);
        ByteLevelBpeTokenizer tokenizer;
        using (ProgressLine<BpeTrainerProgress> progress = new(terminal, Describe))
        {
            tokenizer = BpeTrainer.Train(corpus.ReadTexts(terminal.Stop), options, progress, terminal.Stop);
        }

        TokenizerJson.WriteFolder(tokenizer, folder);
        if (tokenizer.VocabularySize < options.VocabularySize)
        {
            terminal.Error.WriteLine($"note: {options.VocabularySize:#,0} tokens were asked for; no more pairs of the corpus occur {options.MinFrequency:#,0} times");
        }

        terminal.Out.WriteLine($"{folder}: {tokenizer.VocabularySize} tokens, {tokenizer.Merges.Length} merges");
    }

    private static string Describe(BpeTrainerProgress progress) => progress.Tokens == 0
        ? $"read {progress.Documents:#,0} documents, {Format.Bytes(progress.Bytes)}, {progress.Words:#,0} different words"
        : $"{progress.Tokens:#,0} of {progress.VocabularySize:#,0} tokens";
}
