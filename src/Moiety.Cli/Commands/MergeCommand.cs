using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Numerics.Formats;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety merge</c>: a model and an adapter as one model.</summary>
internal static class MergeCommand
{
    private static readonly Argument<string> Source = new("model") { Description = "A GGUF file, a Hugging Face folder or a model that was pulled" };
    private static readonly Argument<string> Adapter = new("adapter") { Description = "A PEFT folder or an adapter in a GGUF file" };
    private static readonly Argument<string> Destination = new("destination") { Description = "A name that ends in .gguf for a GGUF file, any other for a Hugging Face folder" };
    private static readonly Option<string?> Format = new("--format")
    {
        Description = $"Format of the weights: {Formats.Known} [default: the model's]",
        HelpName = "FORMAT",
    };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "merge",
            "Write a model into which a low-rank adapter is merged: W + scale * B * A. While a model runs, --adapter does the same without a copy.",
            new Example("a folder", "moiety merge model/ adapter/ merged/"),
            new Example("a quantized file", "moiety merge model/ adapter/ merged.gguf --format q8_0"))
        {
            Source,
            Adapter,
            Destination,
            Format,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        StorageFormat? format = parsed.GetValue(Format) is { } name ? Formats.ByName(name) : null;
        string destination = parsed.GetRequiredValue(Destination);
        string source = parsed.GetRequiredValue(Source);
        if (destination == source)
        {
            throw new InvalidInputException($"{destination}: the destination is the source. Give another name.");
        }

        using Checkpoint checkpoint = Checkpoint.Open(ModelPath.Resolve(source));
        LoraAdapter adapter = LoraAdapter.Open(parsed.GetRequiredValue(Adapter), checkpoint);
        using (ProgressLine<CheckpointProgress> progress = new(terminal, CheckpointLine.Describe))
        {
            destination = CheckpointWriter.Write(destination, checkpoint, new MergedTensorSource(checkpoint, adapter), checkpoint.Tokenizer, format, null, progress, cancellationToken: terminal.Stop);
        }

        terminal.Out.WriteLine($"{destination}: {adapter.Updates.Count} matrices changed by {adapter.Parameters:#,0} parameters");
    }
}
