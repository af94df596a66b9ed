using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Numerics.Formats;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety quantize</c>: a smaller GGUF file or Hugging Face folder of any model.</summary>
internal static class QuantizeCommand
{
    private static readonly Argument<string> Source = new("source") { Description = "A GGUF file, a Hugging Face folder, a model that was pulled (owner/name) or a llama2.c .bin file" };
    private static readonly Argument<string> Destination = new("destination") { Description = "What to write or replace: a GGUF file NAME.gguf; any other name is a Hugging Face folder, which holds F32, F16, BF16, Q8_0 and Q4_0 (as GPTQ), F8_E4M3, and MXFP4 for experts of GPT-OSS" };
    private static readonly Option<string> Main = new("--format")
    {
        Description = $"Format of attention and feed-forward weights: {Formats.All}; F8_E4M3 in folders only",
        HelpName = "FORMAT",
        DefaultValueFactory = _ => "Q8_0",
    };

    private static readonly Option<string?> Experts = new("--experts") { Description = "Format of the experts, where it differs", HelpName = "FORMAT" };
    private static readonly Option<string?> Attention = new("--attention") { Description = "Format of the attention weights, where it differs", HelpName = "FORMAT" };
    private static readonly Option<string?> Embedding = new("--embedding") { Description = "Format of the embedding [default: one step more precise than --format; in a folder 16 bits]", HelpName = "FORMAT" };
    private static readonly Option<string?> Head = new("--head") { Description = "Format of the output head [default: as the embedding]", HelpName = "FORMAT" };

    private static readonly CalibrationOptions Calibrate = new();

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "quantize",
            "Write a model with smaller weights. Routers and norms stay in single precision. With a calibration text, weights are rounded so that "
            + "what matters for this text stays exact; moiety evaluate quantization shows what each format costs.",
            new Example("8 bits per weight", "moiety quantize runs/first/model story.gguf --format q8_0"),
            new Example("4 bits for the experts, 8 for the rest", "moiety quantize runs/first/model story.gguf --format q8_0 --experts q4_0 --embedding q8_0"),
            new Example("A folder in GPTQ's layout, 4 bits", "moiety quantize runs/first/model story-4bit --format q4_0"),
            new Example("4.5 bits, rounded for a text", "moiety quantize runs/first/model story.gguf --format q4_k --calibrate stories.txt"))
        {
            Source,
            Destination,
            Main,
            Experts,
            Attention,
            Embedding,
            Head,
        };
        Calibrate.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        QuantizationPolicy policy = new()
        {
            Format = Formats.AnyByName(parsed.GetValue(Main)!),
            Experts = Optional(parsed.GetValue(Experts)),
            Attention = Optional(parsed.GetValue(Attention)),
            Embedding = Optional(parsed.GetValue(Embedding)),
            Head = Optional(parsed.GetValue(Head)),
        };
        string destination = parsed.GetRequiredValue(Destination);
        using Checkpoint checkpoint = Checkpoint.Open(ModelPath.Resolve(parsed.GetRequiredValue(Source)));
        Quantizer.Check(checkpoint, destination, policy);
        ImportanceMatrix? importance = Calibrate.Measure(parsed, checkpoint, terminal);
        QuantizationResult result;
        using (ProgressLine<CheckpointProgress> progress = new(terminal, CheckpointLine.Describe))
        {
            result = Quantizer.Quantize(checkpoint, destination, policy, importance, progress, terminal.Stop);
        }

        foreach (string note in result.Notes)
        {
            terminal.Error.WriteLine($"note: {note}");
        }

        terminal.Out.WriteLine($"{destination}: {Format.Bytes(result.BytesBefore)} became {Format.Bytes(result.BytesAfter)}");
    }

    private static StorageFormat? Optional(string? name) => name is null ? null : Formats.AnyByName(name);
}
