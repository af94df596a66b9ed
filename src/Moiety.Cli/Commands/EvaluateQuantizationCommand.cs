using System.Collections.Immutable;
using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Data.Corpora;
using Moiety.Evaluation.Perplexity;
using Moiety.Evaluation.Quantization;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Quantization;
using Moiety.Numerics.Formats;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety evaluate quantization</c>: perplexity against bytes.</summary>
internal static class EvaluateQuantizationCommand
{
    private static readonly ImmutableArray<string> Standard = ["Q8_0", "Q6_K", "Q5_K", "Q4_K", "Q4_0", "Q3_K", "Q2_K"];
    private static readonly ModelOptions Model = new(hasAdapter: false);
    private static readonly CalibrationOptions Calibrate = new();
    private static readonly Argument<string> Text = new("corpus") { Description = "The text to predict: a .txt or .jsonl file, a folder of them, or a pattern. Not the calibration text" };
    private static readonly Option<string[]> Names = new("--formats", "-f")
    {
        Description = $"Formats to try: {Formats.Known} [default: {string.Join(' ', Standard)}]",
        HelpName = "FORMAT",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<int> Limit = new("--documents") { Description = "Read only the first N documents", HelpName = "N", DefaultValueFactory = _ => 200 };
    private static readonly Option<string?> Plot = new("--plot") { Description = "Draw perplexity against bytes into this .svg or .png file", HelpName = "PATH" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object per trial" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "quantization",
            "Store a model in several formats and measure how well each still predicts a text: perplexity against bytes. With --calibrate each "
            + "format is tried twice, without and with the calibration text.",
            new Example("the embedded model", "moiety evaluate quantization held-out.jsonl --documents 100"),
            new Example("three formats of a model, with a picture", "moiety evaluate quantization held-out.txt -m model/ -f q8_0 q4_k q2_k --calibrate train.txt --plot formats.svg"))
        {
            Text,
            Names,
            Limit,
            Plot,
            AsJson,
        };
        Model.AddTo(verb);
        Calibrate.AddTo(verb);
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

        StorageFormat[] formats = [.. (parsed.GetValue(Names) is { Length: > 0 } given ? given : [.. Standard]).SelectMany(names => names.Split(',')).Select(Formats.ByName)];
        string? plot = parsed.GetValue(Plot);
        QuantizationPlot.Check(plot);
        string[] texts = [.. Corpus.Open(parsed.GetRequiredValue(Text)).ReadTexts(terminal.Stop).Take(limit)];
        using Checkpoint checkpoint = Model.OpenCheckpoint(parsed);
        QuantizationComparison comparison = new(checkpoint, texts, Model.ReadEngineOptions(parsed));
        ImportanceMatrix? importance = Calibrate.Measure(parsed, checkpoint, terminal);
        List<QuantizationTrial> trials = [Watch(terminal, "as it is", progress => comparison.MeasureSource(progress, terminal.Stop))];
        foreach (StorageFormat format in formats)
        {
            QuantizationPolicy policy = new() { Format = format };
            trials.Add(Watch(terminal, format.Name, progress => comparison.Measure(format.Name, policy, null, progress, terminal.Stop)));
            if (importance is not null)
            {
                trials.Add(Watch(terminal, $"{format.Name}, calibrated", progress => comparison.Measure(format.Name, policy, importance, progress, terminal.Stop)));
            }
        }

        Write(terminal, trials, parsed.GetValue(AsJson));
        if (plot is not null)
        {
            QuantizationPlot.Draw(plot, trials);
        }
    }

    private static QuantizationTrial Watch(Terminal terminal, string name, Func<IProgress<PerplexityResult>, QuantizationTrial> measure)
    {
        using ProgressLine<PerplexityResult> progress = new(terminal, state => $"{name}: {state.Tokens:#,0} tokens, perplexity {state.Perplexity:0.000} so far");
        return measure(progress);
    }

    private static void Write(Terminal terminal, List<QuantizationTrial> trials, bool json)
    {
        if (json)
        {
            foreach (QuantizationTrial trial in trials)
            {
                Json.Write(terminal.Out, new { trial.Name, trial.IsCalibrated, trial.Bytes, trial.BitsPerWeight, trial.Result.Tokens, trial.Result.Loss, trial.Result.Perplexity, trial.Result.PerplexityStandardError });
            }

            return;
        }

        Table table = Tables.Create(terminal, "format", "calibrated", "#weights", "#bits per weight", "#perplexity", "#above the original");
        foreach (QuantizationTrial trial in trials)
        {
            Tables.AddRow(
                table,
                trial.Name,
                trial.IsCalibrated ? "yes" : "",
                Format.Bytes(trial.Bytes),
                $"{trial.BitsPerWeight:0.00}",
                $"{trial.Result.Perplexity:0.0000}",
                $"{(trial.Result.Perplexity / trials[0].Result.Perplexity) - 1:+0.00 %;-0.00 %;0.00 %}");
        }

        terminal.Results.Write(table);
    }
}
