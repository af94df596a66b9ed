using System.Collections.Immutable;
using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Perplexity;
using Moiety.Evaluation.Routing;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe prune</c>: fewer experts, chosen by what a text shows.</summary>
internal static class MoePruneCommand
{
    private static readonly ModelOptions Machine = new(hasModel: false, hasAdapter: false);
    private static readonly Argument<string> Source = new("model") { Description = $"The model: a GGUF file, a Hugging Face folder, a model that was pulled, or {ModelPath.Embedded}" };
    private static readonly Argument<string> Destination = new("destination") { Description = "A name that ends in .gguf for a GGUF file, any other for a Hugging Face folder; - to measure only" };
    private static readonly Argument<string> Text = new("corpus") { Description = "The text that shows which experts matter: a .txt or .jsonl file, a folder of them, or a pattern" };
    private static readonly Option<string?> Keep = new("--keep") { Description = "Experts that stay in each layer: a number, one for each layer with experts such as 8,8,6, or a share such as 75%", HelpName = "N" };
    private static readonly Option<ExpertCriterion> By = new("--by") { Description = "What an expert is worth: load (how often it is chosen), weight (sum of weight times output length), reap (the mean of that over its tokens) or loss (what the loss grows by without it; slow)", HelpName = "MEASURE", DefaultValueFactory = _ => ExpertCriterion.Weight };
    private static readonly Option<string> Layers = new("--layers") { Description = "Layers to prune, counted from 0: a list such as 1,3,5, \"every 2\", or all", HelpName = "LAYERS", DefaultValueFactory = _ => "all" };
    private static readonly Option<bool> KeepWeights = new("--keep-weights") { Description = "Scale the outputs of the experts that stay by the constants that come nearest to the weights they had; for models whose weights are a softmax that is not normalized over the chosen" };
    private static readonly Option<string?> Sweep = new("--sweep") { Description = "Measure several numbers, or shares, instead of writing one: 8,6,4,2 or 100%,75%,50%", HelpName = "LIST" };
    private static readonly Option<string?> Test = new("--test") { Description = "Measure on this text instead of the one that the experts were chosen by", HelpName = "CORPUS" };
    private static readonly Option<int> Limit = new("--documents") { Description = "Read only the first N documents of each text", HelpName = "N", DefaultValueFactory = _ => 200 };
    private static readonly Option<string?> Plot = new("--plot") { Description = "Draw perplexity against the experts that stay into this .svg or .png file", HelpName = "PATH" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object for each measurement" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "prune",
            "Take experts away from a Mixture-of-Experts: those that matter least for a text. Routers lose their rows, everything else is copied. Perplexity, size and decoding "
            + "speed are measured before and after.",
            new Example("48 experts of each layer", "moiety moe prune olmoe/ smaller.gguf calibration.txt --keep 48"),
            new Example("by the loss, measured on another text", "moiety moe prune moe.gguf smaller.gguf train.jsonl --keep 75% --by loss --test held-out.jsonl"),
            new Example("how far one can go", "moiety moe prune moe.gguf - train.jsonl --sweep 8,6,4,2 --plot experts.svg"))
        {
            Source,
            Destination,
            Text,
            Keep,
            By,
            Layers,
            KeepWeights,
            Sweep,
            Test,
            Limit,
            Plot,
            AsJson,
        };
        Machine.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string destination = parsed.GetRequiredValue(Destination);
        string? plot = parsed.GetValue(Plot);
        ImmutableArray<ExpertBudget> budgets = ReadBudgets(parsed, destination, plot);
        QuantizationPlot.Check(plot);
        int limit = parsed.GetValue(Limit);
        if (limit < 1)
        {
            throw new InvalidInputException($"--documents must be at least 1, not {limit}.");
        }

        string corpus = parsed.GetRequiredValue(Text);
        Corpus text = Corpus.Open(corpus);
        Corpus test = parsed.GetValue(Test) is { } other ? Corpus.Open(other) : text;
        using OpenedModel model = Machine.Open(parsed, ModelPath.Resolve(parsed.GetRequiredValue(Source)));
        ModelConfig config = model.Checkpoint.Config;
        ImmutableArray<int> layers = LayerList.Read(parsed.GetRequiredValue(Layers), config.LayerCount);
        foreach (ExpertBudget budget in budgets)
        {
            budget.Resolve(config, layers);
        }

        ModelDestination.Check(model.Checkpoint, destination);
        CorpusDocument[] documents = [.. text.ReadDocuments(terminal.Stop).Take(limit)];
        ImmutableSortedDictionary<int, ImmutableArray<double>> scores = Score(parsed, terminal, model, documents, layers);
        ExpertComparison comparison = new([.. test.ReadTexts(terminal.Stop).Take(limit)], Machine.ReadEngineOptions(parsed));
        List<ExpertTrial> trials = [Measure(terminal, comparison, "as it is", model.Checkpoint)];
        foreach (ExpertBudget budget in budgets)
        {
            PruningPlan plan = ExpertPruning.Plan(config, budget, scores, layers);
            foreach (string note in plan.Notes)
            {
                terminal.Error.WriteLine($"note: {note}");
            }

            ImmutableSortedDictionary<int, ImmutableArray<double>>? scales = parsed.GetValue(KeepWeights)
                ? new WeightCompensation(model.Engine, model.Tokenizer).Measure(documents.Select(document => document.Text), plan, terminal.Stop)
                : null;
            using Checkpoint pruned = ExpertPruning.Apply(model.Checkpoint, plan, scales);
            if (destination != ModelDestination.None)
            {
                using ProgressLine<CheckpointProgress> progress = new(terminal, CheckpointLine.Describe);
                CheckpointWriter.Write(destination, pruned, TensorSource.From(pruned), pruned.Tokenizer, progress: progress, cancellationToken: terminal.Stop);
            }

            trials.Add(Measure(terminal, comparison, $"{budget.Text} kept", pruned));
            ExpertTrials.WriteKept(terminal, plan, parsed.GetValue(AsJson));
        }

        ExpertTrials.Write(terminal, trials, parsed.GetValue(AsJson));
        if (scores.Keys.Any(layer => WeightCompensation.Applies(config.FeedForwards[layer].Moe!)) && !parsed.GetValue(KeepWeights))
        {
            terminal.Error.WriteLine("note: the weights of the experts that stay are shares of a softmax over fewer experts, so they are larger than before; --keep-weights scales against it.");
        }

        if (plot is not null)
        {
            ExpertTrialPlot.Draw(plot, trials);
        }
    }

    private static ImmutableArray<ExpertBudget> ReadBudgets(ParseResult parsed, string destination, string? plot)
    {
        string? keep = parsed.GetValue(Keep);
        string? sweep = parsed.GetValue(Sweep);
        if (keep is null == sweep is null)
        {
            throw new InvalidInputException("give either --keep, how many experts stay, or --sweep, a list of such numbers to measure.");
        }

        if (sweep is not null && destination != ModelDestination.None)
        {
            throw new InvalidInputException($"{destination}: --sweep measures several models and writes none: give - as the destination, or --keep.");
        }

        if (plot is not null && sweep is null)
        {
            throw new InvalidInputException("--plot draws a --sweep.");
        }

        return sweep is null ? [ExpertBudget.Parse(keep!)] : [.. sweep.Split(',').Select(ExpertBudget.Parse)];
    }

    private static ImmutableSortedDictionary<int, ImmutableArray<double>> Score(ParseResult parsed, Terminal terminal, OpenedModel model, CorpusDocument[] documents, ImmutableArray<int> layers)
    {
        ExpertCriterion criterion = parsed.GetValue(By);
        if (criterion == ExpertCriterion.Loss)
        {
            using ProgressLine<(int Layer, int Expert, double Growth)> each = new(terminal, one => $"without expert {one.Expert} of layer {one.Layer}: loss {one.Growth:+0.0000;-0.0000}");
            return new ExpertLosses(model.Checkpoint, [.. documents.Select(document => document.Text)], Machine.ReadEngineOptions(parsed)).Measure(layers, each, cancellationToken: terminal.Stop);
        }

        using ProgressLine<long> progress = new(terminal, tokens => $"{tokens:#,0} tokens read");
        return ExpertRanking.Score(new RouteMeter(model.Engine, model.Tokenizer).Measure(documents, progress: progress, cancellationToken: terminal.Stop), criterion);
    }

    private static ExpertTrial Measure(Terminal terminal, ExpertComparison comparison, string name, Checkpoint model)
    {
        using ProgressLine<PerplexityResult> progress = new(terminal, state => $"{name}: {state.Tokens:#,0} tokens, perplexity {state.Perplexity:0.000} so far");
        return comparison.Measure(name, model, progress, terminal.Stop);
    }
}
