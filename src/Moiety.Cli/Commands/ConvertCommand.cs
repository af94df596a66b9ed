using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Formats;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety convert</c>: one container to another.</summary>
internal static class ConvertCommand
{
    private static readonly Argument<string> Source = new("source") { Description = "A GGUF file, a Hugging Face folder, a model that was pulled (owner/name) or a llama2.c .bin file" };
    private static readonly Argument<string> Destination = new("destination") { Description = "A name that ends in .gguf for a GGUF file, any other for a Hugging Face folder" };
    private static readonly Option<string?> Format = new("--format")
    {
        Description = $"Format of the weights: {Formats.Known}; a folder holds F32, F16 and BF16 [default: the source's; F32 for quantized weights in a folder]",
        HelpName = "FORMAT",
    };

    private static readonly Option<double?> MaxShard = new("--max-shard")
    {
        Description = "Split the weights into files of at most this many GB [default: one GGUF file; 5 GB in a folder]",
        HelpName = "GB",
    };

    private static readonly Option<string?> TokenizerPath = new("--tokenizer")
    {
        Description = "Take the tokenizer from here: a folder with tokenizer.json, a GGUF file, or llama2.c's tokenizer.bin [default: the source's]",
        HelpName = "PATH",
    };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "convert",
            "Write a model in another container: a Hugging Face folder or a GGUF file.",
            new Example("a folder to a file", "moiety convert runs/first/model story.gguf"),
            new Example("and back", "moiety convert story.gguf story/"),
            new Example("a model of llama2.c", "moiety convert stories260K.bin stories.gguf --tokenizer tok512.bin"))
        {
            Source,
            Destination,
            Format,
            MaxShard,
            TokenizerPath,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string destination = parsed.GetRequiredValue(Destination);
        string source = parsed.GetRequiredValue(Source);
        if (Path.GetFullPath(Path.TrimEndingDirectorySeparator(source)) == Path.GetFullPath(Path.TrimEndingDirectorySeparator(destination)))
        {
            throw new InvalidInputException($"{destination}: the destination is the source. Give another name.");
        }

        long? shardBytes = parsed.GetValue(MaxShard) is not { } size ? null
            : size is > 0 and < 1e9 ? (long)(size * 1e9)
            : throw new InvalidInputException($"--max-shard: {size} is no number of GB above 0.");
        StorageFormat? format = parsed.GetValue(Format) is { } name ? Formats.ByName(name) : null;
        using Checkpoint checkpoint = Checkpoint.Open(ModelPath.Resolve(source));
        Tokenizer? tokenizer = parsed.GetValue(TokenizerPath) is { } path ? Checkpoint.OpenTokenizer(path) : checkpoint.Tokenizer;
        using (ProgressLine<CheckpointProgress> progress = new(terminal, CheckpointLine.Describe))
        {
            destination = CheckpointWriter.Write(destination, checkpoint, TensorSource.From(checkpoint), tokenizer, format, shardBytes, progress, cancellationToken: terminal.Stop);
        }

        terminal.Out.WriteLine($"{destination}: written{(tokenizer is null ? ", without a tokenizer" : "")}");
    }
}
