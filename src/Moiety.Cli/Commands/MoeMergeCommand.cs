using System.Collections.Immutable;
using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Perplexity;
using Moiety.Evaluation.Routing;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Models.Experts;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe merge</c>: fewer experts by averaging those that are alike, or a dense model.</summary>
internal static class MoeMergeCommand
{
    private const string Average = "average";
    private const string MostUsed = "most-used";
    private const string ByRouter = "router";
    private const string ByOutput = "output";

    private static readonly ModelOptions Machine = new(hasModel: false, hasAdapter: false);
    private static readonly Argument<string> Source = new("model") { Description = $"The model: a GGUF file, a Hugging Face folder, a model that was pulled, or {ModelPath.Embedded}" };
    private static readonly Argument<string> Destination = new("destination") { Description = "A name that ends in .gguf for a GGUF file, any other for a Hugging Face folder; - to measure only" };
    private static readonly Argument<string> Text = new("corpus") { Description = "The text that shows how much experts are used: a .txt or .jsonl file, a folder of them, or a pattern" };
    private static readonly Option<string?> Experts = new("--experts") { Description = "Experts that are left in each layer: a number, one for each layer with experts such as 8,8,6, or a share such as 50%", HelpName = "N" };
    private static readonly Option<string?> Dense = new("--dense") { Description = "Make a dense model instead, of the average of a layer's experts by use, or of the most used one", HelpName = $"{Average}|{MostUsed}" };
    private static readonly Option<string> By = new("--by") { Description = "What tells which experts are alike: the router's rows, or the mean outputs over the text (one more pass for each layer)", HelpName = $"{ByRouter}|{ByOutput}", DefaultValueFactory = _ => ByOutput };
    private static readonly Option<bool> Align = new("--align") { Description = "Put the inner units of experts in the order in which they are most alike before averaging" };
    private static readonly Option<bool> DominantRow = new("--dominant-row") { Description = "Give a merged expert the router row of its most used member instead of their average" };
    private static readonly Option<string> Layers = new("--layers") { Description = "Layers whose experts are merged, counted from 0: a list such as 1,3,5, \"every 2\", or all", HelpName = "LAYERS", DefaultValueFactory = _ => "all" };
    private static readonly Option<string?> Test = new("--test") { Description = "Measure on this text instead of the one that shows the use", HelpName = "CORPUS" };
    private static readonly Option<int> Limit = new("--documents") { Description = "Read only the first N documents of each text", HelpName = "N", DefaultValueFactory = _ => 200 };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object for each measurement" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "merge",
            "Merge experts that are alike into one: hierarchical clusters, averaged by how much a text uses each (HC-SMoE, arXiv 2410.08589; M-SMoE, arXiv 2310.01334). Or make "
            + "a dense model of a Mixture-of-Experts. Perplexity, size and decoding speed are measured before and after.",
            new Example("half of the experts", "moiety moe merge moe/ smaller.gguf calibration.txt --experts 50% --align"),
            new Example("a dense model", "moiety moe merge moe.gguf dense/ train.jsonl --dense average --test held-out.jsonl"))
        {
            Source,
            Destination,
            Text,
            Experts,
            Dense,
            By,
            Align,
            DominantRow,
            Layers,
            Test,
            Limit,
            AsJson,
        };
        Machine.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string? experts = parsed.GetValue(Experts);
        string? dense = parsed.GetValue(Dense);
        if (experts is null == dense is null)
        {
            throw new InvalidInputException("give either --experts, how many are left, or --dense, how one is made of all.");
        }

        if (dense is not (null or Average or MostUsed))
        {
            throw new InvalidInputException($"--dense must be {Average} or {MostUsed}, not \"{dense}\".");
        }

        if (parsed.GetRequiredValue(By) is not (ByRouter or ByOutput) and string unknown)
        {
            throw new InvalidInputException($"--by must be {ByRouter} or {ByOutput}, not \"{unknown}\".");
        }

        int limit = parsed.GetValue(Limit);
        if (limit < 1)
        {
            throw new InvalidInputException($"--documents must be at least 1, not {limit}.");
        }

        ExpertBudget? budget = experts is null ? null : ExpertBudget.Parse(experts);
        Corpus text = Corpus.Open(parsed.GetRequiredValue(Text));
        Corpus test = parsed.GetValue(Test) is { } other ? Corpus.Open(other) : text;
        string destination = parsed.GetRequiredValue(Destination);
        using Checkpoint source = Checkpoint.Open(ModelPath.Resolve(parsed.GetRequiredValue(Source)));
        ModelDestination.Check(source, destination);
        ImmutableArray<int> layers = LayerList.Read(parsed.GetRequiredValue(Layers), source.Config.LayerCount);
        budget?.Resolve(source.Config, layers);
        CorpusDocument[] documents = [.. text.ReadDocuments(terminal.Stop).Take(limit)];
        using Checkpoint merged = budget is null ? Densify(parsed, terminal, source, documents, dense!) : Merge(parsed, terminal, source, documents, budget, layers);
        if (destination != ModelDestination.None)
        {
            using ProgressLine<CheckpointProgress> progress = new(terminal, CheckpointLine.Describe);
            CheckpointWriter.Write(destination, merged, TensorSource.From(merged), merged.Tokenizer, progress: progress, cancellationToken: terminal.Stop);
        }

        ExpertComparison comparison = new([.. test.ReadTexts(terminal.Stop).Take(limit)], Machine.ReadEngineOptions(parsed));
        ExpertTrials.Write(terminal, [Measure(terminal, comparison, "as it is", source), Measure(terminal, comparison, budget is null ? $"dense, {dense}" : $"{budget.Text} left", merged)], parsed.GetValue(AsJson));
    }

    private static Checkpoint Merge(ParseResult parsed, Terminal terminal, Checkpoint source, CorpusDocument[] documents, ExpertBudget budget, ImmutableArray<int> layers)
    {
        ImmutableSortedDictionary<int, ImmutableArray<double>> use = Use(parsed, terminal, source, documents);
        ImmutableSortedDictionary<int, ImmutableArray<float[]>> features;
        if (parsed.GetRequiredValue(By) == ByRouter)
        {
            features = ExpertMerging.RouterRows(source);
        }
        else
        {
            using ProgressLine<int> progress = new(terminal, layer => $"outputs of layer {layer} measured");
            features = ExpertOutputs.Measure(source, [.. documents.Select(document => document.Text)], Machine.ReadEngineOptions(parsed), progress, terminal.Stop);
        }

        MergePlan plan = ExpertMerging.Plan(source.Config, budget, features, use, layers);
        foreach (string note in plan.Notes)
        {
            terminal.Error.WriteLine($"note: {note}");
        }

        WriteGroups(terminal, plan, parsed.GetValue(AsJson));
        return ExpertMerging.Apply(source, plan, new MergeOptions { Align = parsed.GetValue(Align), DominantRow = parsed.GetValue(DominantRow) });
    }

    private static Checkpoint Densify(ParseResult parsed, Terminal terminal, Checkpoint source, CorpusDocument[] documents, string kind)
    {
        ModelConfig config = Densification.Describe(source.Config);
        using ProgressLine<long> progress = new(terminal, tokens => $"{tokens:#,0} tokens read");
        ImmutableSortedDictionary<int, DenseLayer> layers = MeanBranchWeights.Measure(
            source, [.. documents.Select(document => document.Text)], kind == MostUsed, Machine.ReadEngineOptions(parsed), progress, terminal.Stop);
        if (!parsed.GetValue(AsJson))
        {
            terminal.Out.WriteLine($"a dense model of the family {config.Family}");
            terminal.Out.WriteLine();
        }

        return Densification.Apply(source, config, layers);
    }

    private static ImmutableSortedDictionary<int, ImmutableArray<double>> Use(ParseResult parsed, Terminal terminal, Checkpoint source, CorpusDocument[] documents)
    {
        using Engine engine = Engine.Open(source, Machine.ReadEngineOptions(parsed));
        using ProgressLine<long> progress = new(terminal, tokens => $"{tokens:#,0} tokens read");
        RouteStatistics routes = new RouteMeter(engine, OpenedModel.RequireTokenizer(source)).Measure(documents, progress: progress, cancellationToken: terminal.Stop);
        return ExpertRanking.Score(routes, ExpertCriterion.Load);
    }

    private static ExpertTrial Measure(Terminal terminal, ExpertComparison comparison, string name, Checkpoint model)
    {
        using ProgressLine<PerplexityResult> progress = new(terminal, state => $"{name}: {state.Tokens:#,0} tokens, perplexity {state.Perplexity:0.000} so far");
        return comparison.Measure(name, model, progress, terminal.Stop);
    }

    private static void WriteGroups(Terminal terminal, MergePlan plan, bool json)
    {
        foreach ((int layer, ImmutableArray<ImmutableArray<int>> groups) in plan.Groups)
        {
            if (json)
            {
                Json.Write(terminal.Out, new { Layer = layer, Groups = groups });
            }
            else
            {
                terminal.Out.WriteLine($"layer {layer}: {string.Join(" | ", groups.Select(group => string.Join(" ", group)))}");
            }
        }

        if (!json)
        {
            terminal.Out.WriteLine();
        }
    }
}
