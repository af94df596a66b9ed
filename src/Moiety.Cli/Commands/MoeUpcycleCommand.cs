using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;
using Moiety.Models.Quantization;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe upcycle</c>: a dense model as a Mixture-of-Experts to train on.</summary>
internal static class MoeUpcycleCommand
{
    private static readonly Argument<string> Source = new("dense") { Description = "The dense model: a GGUF file, a Hugging Face folder or a model that was pulled" };
    private static readonly Argument<string> Destination = new("destination") { Description = "A name that ends in .gguf for a GGUF file, any other for a Hugging Face folder" };
    private static readonly Option<int> Experts = new("--experts") { Description = "Copies of the MLP in each upcycled layer: its experts, if they are not split", HelpName = "N", DefaultValueFactory = _ => 8 };
    private static readonly Option<int> TopK = new("--top-k") { Description = "Copies that each token visits", HelpName = "K", DefaultValueFactory = _ => 2 };
    private static readonly Option<string> Layers = new("--layers") { Description = "Layers that get experts, counted from 0: a list such as 1,3,5, \"every 2\" for every second one, or all", HelpName = "LAYERS", DefaultValueFactory = _ => "all" };
    private static readonly Option<int> Split = new("--split-ffn") { Description = "Cut each copy into so many slices: as many times the experts, of which a token visits as many times as many, each that much narrower", HelpName = "G", DefaultValueFactory = _ => 1 };
    private static readonly Option<bool> NoVirtualGroups = new("--no-virtual-groups") { Description = "Give each slice a router row of its own instead of one for all slices of a copy; the result then does not compute what the dense model does" };
    private static readonly Option<bool> Shared = new("--shared") { Description = "Make a copy of the MLP a shared expert too, which every token visits; it and the others count half" };
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
            new Example("32 experts of a quarter of the width, beside a shared one", "moiety moe upcycle dense/ moe/ --experts 8 --top-k 2 --split-ffn 4 --shared"),
            new Example("in every second layer, beside the dense MLP", "moiety moe upcycle dense.gguf moe.gguf --layers \"every 2\" --residual --noise 0.01"))
        {
            Source,
            Destination,
            Experts,
            TopK,
            Split,
            NoVirtualGroups,
            Shared,
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
        ModelDestination.Check(dense, destination);
        UpcycleOptions options = new()
        {
            ExpertCount = parsed.GetValue(Experts),
            TopK = parsed.GetValue(TopK),
            SplitFactor = parsed.GetValue(Split),
            VirtualGroups = !parsed.GetValue(NoVirtualGroups),
            Shared = parsed.GetValue(Shared),
            Layers = LayerList.Read(parsed.GetRequiredValue(Layers), dense.Config.LayerCount),
            Residual = parsed.GetValue(Residual),
            Noise = parsed.GetValue(Noise),
            Seed = parsed.GetValue(Seed),
        };
        ModelConfig config = Upcycling.Describe(dense.Config, options);
        using (ProgressLine<CheckpointProgress> progress = new(terminal, CheckpointLine.Describe))
        {
            destination = CheckpointWriter.Write(destination, dense, Upcycling.Tensors(dense, config, options), dense.Tokenizer, progress: progress, config: config, cancellationToken: terminal.Stop);
        }

        if (options is { SplitFactor: > 1, VirtualGroups: false })
        {
            terminal.Error.WriteLine("note: without virtual groups a token may meet one slice of the MLP twice and another never, so the result does not compute what the dense model does; it has to be trained.");
        }

        ModelSummary before = ModelSummary.From(dense.Config);
        ModelSummary after = ModelSummary.From(config);
        terminal.Out.WriteLine($"{destination}: {config.Family}, {Format.Count(after.Parameters)} parameters, {Format.Count(after.ActiveParameters)} of them for one token "
            + $"(the dense model: {Format.Count(before.Parameters)})");
    }
}
