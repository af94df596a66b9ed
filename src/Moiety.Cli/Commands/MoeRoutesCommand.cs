using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Perplexity;
using Moiety.Evaluation.Routing;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety moe routes</c>: where the routers send the tokens of a text.</summary>
internal static class MoeRoutesCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly Argument<string> Text = new("corpus") { Description = "The text to read: a .txt or .jsonl file, a folder of them, or a pattern" };
    private static readonly Option<int> Limit = new("--documents") { Description = "Read only the first N documents", HelpName = "N", DefaultValueFactory = _ => 200 };
    private static readonly Option<ulong> Seed = new("--seed") { Description = "Seed of the shuffles behind the baseline", HelpName = "N", DefaultValueFactory = _ => 1 };
    private static readonly Option<double> Capacity = new("--capacity") { Description = $"Show how many choices a capacity of so many even shares of {RouteMeter.BatchTokens:#,0} tokens would drop", HelpName = "FACTOR", DefaultValueFactory = _ => 1.25 };
    private static readonly Option<bool> Ablate = new("--ablate") { Description = "Measure perplexity on the text too, as it is and with the experts of each layer giving nothing" };
    private static readonly Option<string?> Plot = new("--plot") { Description = "Draw the loads into this .svg or .png file", HelpName = "PATH" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per layer" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "routes",
            "Read a text with a Mixture-of-Experts model and show where its routers send the tokens: the load of each expert, how even it is, and how "
            + "much the choice of an expert says about the kind of token and of document (mutual information in bits, above what chance gives).",
            new Example("the embedded model", "moiety moe routes held-out.jsonl"),
            new Example("how much perplexity rests on the experts", "moiety moe routes held-out.jsonl --documents 100 --ablate"),
            new Example("another model, with a picture", "moiety moe routes held-out.txt -m mixtral.gguf --documents 50 --plot routes.svg"))
        {
            Text,
            Limit,
            Seed,
            Capacity,
            Ablate,
            Plot,
            AsJson,
        };
        Model.AddTo(verb);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        int limit = parsed.GetValue(Limit);
        if (limit < 1)
        {
            throw new InvalidInputException($"--documents must be at least 1, not {limit}.");
        }

        double capacity = parsed.GetValue(Capacity);
        if (!(capacity > 0) || !double.IsFinite(capacity))
        {
            throw new InvalidInputException($"--capacity must be above 0, not {capacity}.");
        }

        string? plot = parsed.GetValue(Plot);
        QuantizationPlot.Check(plot);
        Corpus corpus = Corpus.Open(parsed.GetRequiredValue(Text));
        if (Model.AdapterOf(parsed) is { } path && ShowAdapter(parsed, path, corpus, terminal))
        {
            return;
        }

        using OpenedModel model = Model.Open(parsed);
        RouteMeter meter = new(model.Engine, model.Tokenizer);
        RouteStatistics routes;
        using (ProgressLine<long> progress = new(terminal, tokens => $"{tokens:#,0} tokens read"))
        {
            routes = meter.Measure(corpus.ReadDocuments(terminal.Stop).Take(limit), parsed.GetValue(Seed), progress, terminal.Stop);
        }

        Write(terminal, routes, ModelSummary.From(model.Engine.Config), capacity, parsed.GetValue(AsJson));
        if (plot is not null)
        {
            RoutePlot.Draw(plot, routes);
        }

        if (parsed.GetValue(Ablate))
        {
            ExpertAblation ablation = new(model.Checkpoint, [.. corpus.ReadTexts(terminal.Stop).Take(limit)], Model.ReadEngineOptions(parsed));
            int[] layers = [.. routes.Layers.Select(layer => layer.Layer)];
            WriteAblation(terminal, ablation, layers, parsed.GetValue(AsJson));
        }
    }

    // An adapter with experts: its routers are what is shown. False for an adapter without any, which changes what a model's routers read.
    private static bool ShowAdapter(ParseResult parsed, string path, Corpus corpus, Terminal terminal)
    {
        using Checkpoint checkpoint = Model.OpenCheckpoint(parsed);
        LoraAdapter adapter = LoraAdapter.Open(path, checkpoint);
        if (adapter.Banks.Count == 0)
        {
            return false;
        }

        if (parsed.GetValue(Ablate) || parsed.GetValue(Plot) is not null)
        {
            throw new InvalidInputException($"{path}: the adapter has experts of its own, which --ablate and --plot do not show. Leave them out.");
        }

        IReadOnlyList<AdapterRoutes> routers;
        using (ProgressLine<long> progress = new(terminal, tokens => $"{tokens:#,0} tokens read"))
        {
            AdapterRouteMeter meter = new(checkpoint, adapter, Model.ReadEngineOptions(parsed));
            routers = meter.Measure(corpus.ReadDocuments(terminal.Stop).Take(parsed.GetValue(Limit)), parsed.GetValue(Seed), progress, terminal.Stop);
        }

        AdapterRouteTables.Write(terminal, routers, parsed.GetValue(AsJson));
        return true;
    }

    private static void WriteAblation(Terminal terminal, ExpertAblation ablation, int[] layers, bool json)
    {
        Table table = Tables.Create(terminal, "without the experts of", "#loss", "#perplexity", "#above the original");
        int[][] trials = [[], .. layers.Select(layer => (int[])[layer]), .. layers.Length > 1 ? (int[][])[layers] : []];
        double original = 0;
        foreach (int[] silenced in trials)
        {
            string name = silenced.Length == 0 ? "none" : silenced.Length == 1 ? $"layer {silenced[0]}" : "all layers";
            using ProgressLine<PerplexityResult> progress = new(terminal, state => $"without {name}: {state.Tokens:#,0} tokens, perplexity {state.Perplexity:0.000} so far");
            PerplexityResult result = ablation.Measure(silenced, progress, terminal.Stop);
            original = silenced.Length == 0 ? result.Perplexity : original;
            if (json)
            {
                Json.Write(terminal.Out, new { Silenced = silenced, result.Tokens, result.Loss, result.Perplexity, result.PerplexityStandardError });
                continue;
            }

            Tables.AddRow(table, name, $"{result.Loss:0.0000} ± {result.LossStandardError:0.0000}", $"{result.Perplexity:0.000}", $"{(result.Perplexity / original) - 1:+0.0 %;-0.0 %;0.0 %}");
        }

        if (!json)
        {
            terminal.Out.WriteLine();
            terminal.Results.Write(table);
        }
    }

    private static void Write(Terminal terminal, RouteStatistics routes, ModelSummary summary, double capacity, bool json)
    {
        if (json)
        {
            foreach (LayerRoutes layer in routes.Layers)
            {
                Json.Write(terminal.Out, new
                {
                    layer.Layer,
                    routes.Documents,
                    routes.Tokens,
                    Experts = layer.ExpertCount,
                    layer.Choices,
                    layer.Loads,
                    layer.MeanWeights,
                    layer.MeanWeight,
                    layer.Evenness,
                    layer.Imbalance,
                    layer.CoefficientOfVariation,
                    layer.RouterEntropy,
                    Capacity = capacity,
                    DropRate = layer.DropRate(capacity),
                    layer.Contributions,
                    layer.Saliencies,
                    layer.Dead,
                    layer.Specializations,
                });
            }

            return;
        }

        terminal.Out.WriteLine($"{routes.Documents:#,0} documents, {routes.Tokens:#,0} tokens");
        terminal.Out.WriteLine();
        WriteParameters(terminal, summary);
        Table loads = Tables.Create(terminal, "#layer", "#experts", "#entropy", "#max / mean", "#variation", $"#dropped at {capacity:0.##}", "#router entropy", "#mean weight", "#dead");
        Table bits = Tables.Create(terminal, "#layer", "expert and", "#values", "#bits", "#by chance", "#above chance");
        foreach (LayerRoutes layer in routes.Layers)
        {
            Tables.AddRow(
                loads, $"{layer.Layer}", $"{layer.ExpertCount}", Format.Percent(layer.Evenness), $"{layer.Imbalance:0.00}", $"{layer.CoefficientOfVariation:0.000}", Format.Percent(layer.DropRate(capacity)),
                $"{layer.RouterEntropy:0.00} of {Math.Log(layer.ExpertCount):0.00}", $"{layer.MeanWeight:0.000}", $"{layer.Dead.Length}");
            foreach (Specialization one in layer.Specializations)
            {
                Tables.AddRow(bits, $"{layer.Layer}", one.About, $"{one.Labels}", $"{one.MutualInformation:0.0000}", $"{one.Baseline:0.0000}", $"{one.Bits:0.0000}");
            }
        }

        terminal.Results.Write(loads);
        terminal.Out.WriteLine();
        terminal.Results.Write(bits);
        terminal.Out.WriteLine();
        RouteHeatMap.Write(terminal, routes);
    }

    private static void WriteParameters(Terminal terminal, ModelSummary summary)
    {
        long experts = summary.ParametersByPart.GetValueOrDefault(ModelPart.Experts);
        long active = summary.ActiveParametersByPart.GetValueOrDefault(ModelPart.Experts);
        Table parameters = Tables.Create(terminal, "parameters", "#total", "#for one token");
        Tables.AddRow(parameters, "experts", $"{experts:#,0}", $"{active:#,0}");
        Tables.AddRow(parameters, "all others", $"{summary.Parameters - experts:#,0}", $"{summary.ActiveParameters - active:#,0}");
        Tables.AddRow(parameters, "together", $"{summary.Parameters:#,0}", $"{summary.ActiveParameters:#,0}");
        terminal.Results.Write(parameters);
        terminal.Out.WriteLine();
    }
}
