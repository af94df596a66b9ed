using System.Collections.Immutable;
using System.CommandLine;
using System.Globalization;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Quantization;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe upcycle</c>: a dense model as a Mixture-of-Experts to train on.</summary>
internal static class MoeUpcycleCommand
{
    private const string Every = "every ";
    private static readonly Argument<string> Source = new("dense") { Description = "The dense model: a GGUF file, a Hugging Face folder or a model that was pulled" };
    private static readonly Argument<string> Destination = new("destination") { Description = "A name that ends in .gguf for a GGUF file, any other for a Hugging Face folder" };
    private static readonly Option<int> Experts = new("--experts") { Description = "Experts of each upcycled layer", HelpName = "N", DefaultValueFactory = _ => 8 };
    private static readonly Option<int> TopK = new("--top-k") { Description = "Experts that each token visits", HelpName = "K", DefaultValueFactory = _ => 2 };
    private static readonly Option<string> Layers = new("--layers") { Description = "Layers that get experts, counted from 0: a list such as 1,3,5, \"every 2\" for every second one, or all", HelpName = "LAYERS", DefaultValueFactory = _ => "all" };
    private static readonly Option<bool> Residual = new("--residual") { Description = "Keep the dense MLP beside the experts" };
    private static readonly Option<double> Noise = new("--noise") { Description = "Noise on the experts' weights, relative to their size; 0 for exact copies", HelpName = "SHARE", DefaultValueFactory = _ => 0 };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of routers and noise", HelpName = "N", DefaultValueFactory = _ => 1 };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "upcycle",
            "Write a dense model as a Mixture-of-Experts whose experts are copies of its MLPs, beside new random routers (sparse upcycling, arXiv 2212.05055). With two or "
            + "more experts per token and without noise it computes what the dense model does, until it is trained.",
            new Example("eight experts in every layer", "moiety moe upcycle dense/ moe/ --experts 8 --top-k 2"),
            new Example("in every second layer, beside the dense MLP", "moiety moe upcycle dense.gguf moe.gguf --layers \"every 2\" --residual --noise 0.01"))
        {
            Source,
            Destination,
            Experts,
            TopK,
            Layers,
            Residual,
            Noise,
            Seed,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string destination = parsed.GetRequiredValue(Destination);
        using Checkpoint dense = Checkpoint.Open(ModelPath.Resolve(parsed.GetRequiredValue(Source)));
        if (Path.GetFullPath(Path.TrimEndingDirectorySeparator(dense.Path)) == Path.GetFullPath(Path.TrimEndingDirectorySeparator(destination)))
        {
            throw new InvalidInputException($"{destination}: the destination is the source. Give another name.");
        }

        UpcycleOptions options = new()
        {
            ExpertCount = parsed.GetValue(Experts),
            TopK = parsed.GetValue(TopK),
            Layers = ReadLayers(parsed.GetRequiredValue(Layers), dense.Config.LayerCount),
            Residual = parsed.GetValue(Residual),
            Noise = parsed.GetValue(Noise),
            Seed = parsed.GetValue(Seed),
        };
        ModelConfig config = Upcycling.Describe(dense.Config, options);
        using (ProgressLine<CheckpointProgress> progress = new(terminal, CheckpointLine.Describe))
        {
            destination = CheckpointWriter.Write(destination, dense, Upcycling.Tensors(dense, config, options), dense.Tokenizer, progress: progress, config: config, cancellationToken: terminal.Stop);
        }

        ModelSummary before = ModelSummary.From(dense.Config);
        ModelSummary after = ModelSummary.From(config);
        terminal.Out.WriteLine($"{destination}: {config.Family}, {Format.Count(after.Parameters)} parameters, {Format.Count(after.ActiveParameters)} of them for one token "
            + $"(the dense model: {Format.Count(before.Parameters)})");
    }

    private static ImmutableArray<int> ReadLayers(string text, int count)
    {
        if (text == "all")
        {
            return default;
        }

        if (text.StartsWith(Every, StringComparison.Ordinal))
        {
            return int.TryParse(text[Every.Length..], NumberStyles.None, CultureInfo.InvariantCulture, out int step) && step > 0
                ? [.. Enumerable.Range(0, count).Where(layer => (layer + 1) % step == 0)]
                : throw new InvalidInputException($"--layers \"{text}\": a number of 1 or more must follow \"every\".");
        }

        return [.. text.Split(',').Select(part => int.TryParse(part.Trim(), NumberStyles.None, CultureInfo.InvariantCulture, out int layer)
            ? layer
            : throw new InvalidInputException($"--layers \"{text}\": \"{part}\" is no layer. Write a list such as 1,3,5, \"every 2\", or all.")).Distinct()];
    }
}
