using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Evaluation.Speed;
using Moiety.Models;
using Moiety.Models.Quantization;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Measurement;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety bench</c>: how fast a model runs, and how near to what the memory allows.</summary>
internal static class BenchCommand
{
    private static readonly ModelOptions Model = new();
    private static readonly Option<string?> Random = new("--random")
    {
        Description = $"A model with random weights in memory instead of a file: {string.Join(", ", ModelPreset.All.Select(preset => preset.Name))}",
        HelpName = "SHAPE",
    };

    private static readonly Option<string?> Weights = new("--format")
    {
        Description = "Storage format of the random weights [default: Q8_0]",
        HelpName = "FORMAT",
    };

    private static readonly Option<int[]> Prefill = new("--prefill")
    {
        Description = "Lengths of prompts to read, in tokens [default: 128 512]",
        HelpName = "N",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<int[]> Depth = new("--depth")
    {
        Description = "Tokens in the context before decoding [default: 16]",
        HelpName = "N",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<int> Decode = new("--decode") { Description = "Tokens to decode", HelpName = "N", DefaultValueFactory = _ => 64 };
    private static readonly Option<int> Repetitions = new("--repetitions", "-r") { Description = "Repetitions of each measurement; the median counts", HelpName = "N", DefaultValueFactory = _ => 5 };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print the result as JSON" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "bench",
            "Measure how fast a model reads prompts and decodes. Decoding one text is bound by memory: the bytes that a token reads are set against "
            + "the bandwidth measured on this machine with the same threads.",
            new Example("the embedded model", "moiety bench"),
            new Example("a Llama of 1.1 B parameters in Q8_0, without a file", "moiety bench --random llama-1b --format q8_0"),
            new Example("a file, decoding deep in the context, as JSON", "moiety bench -m model.gguf --prefill 1024 --depth 16 2048 --json"));
        Model.AddTo(verb);
        verb.Add(Random);
        verb.Add(Weights);
        verb.Add(Prefill);
        verb.Add(Depth);
        verb.Add(Decode);
        verb.Add(Repetitions);
        verb.Add(AsJson);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        using OpenedModel model = OpenModel(parsed, terminal);
        SpeedOptions options = ReadOptions(parsed, model.Engine.ContextLength);
        options.Validate(model.Engine.ContextLength);
        ModelSummary summary = ModelSummary.From(model.Checkpoint);
        terminal.Error.WriteLine($"measuring memory bandwidth with {model.Engine.Threads} threads");
        double bandwidth = MemoryBandwidth.Measure(model.Engine.Threads);
        SpeedBenchmark benchmark = new(model.Engine, summary, KeyValueMemory.BytesPerToken(summary, Model.ReadEngineOptions(parsed).KeyValueFormat));
        IReadOnlyList<SpeedMeasurement> measurements = benchmark.Run(options, new Announcement(terminal), terminal.Stop);
        if (parsed.GetValue(AsJson))
        {
            Json.Write(terminal.Out, new
            {
                Model = model.Checkpoint.Path,
                model.Engine.Threads,
                summary.Parameters,
                summary.ActiveParameters,
                summary.WeightBytes,
                summary.ActiveWeightBytes,
                BandwidthBytesPerSecond = bandwidth,
                Measurements = measurements.Select(measurement => new
                {
                    measurement.Kind,
                    measurement.Depth,
                    measurement.Tokens,
                    measurement.TokensPerSecond,
                    measurement.Best,
                    measurement.Worst,
                    measurement.BytesPerToken,
                    measurement.BytesPerSecond,
                    ShareOfBandwidth = measurement.BytesPerSecond / bandwidth,
                    measurement.Seconds,
                }),
            });
            return;
        }

        terminal.Out.WriteLine($"model      {model.Checkpoint.Path}: {Format.Count(summary.Parameters)} parameters, {Format.Count(summary.ActiveParameters)} active, {Format.Bytes(summary.WeightBytes)}");
        terminal.Out.WriteLine($"threads    {model.Engine.Threads}");
        terminal.Out.WriteLine($"bandwidth  {bandwidth / 1e9:0.0} GB/s");
        Write(terminal, measurements, bandwidth);
    }

    private static void Write(Terminal terminal, IReadOnlyList<SpeedMeasurement> measurements, double bandwidth)
    {
        Table table = Tables.Create(terminal, "work", "#depth", "#tokens", "#tokens/s", "#slowest to fastest", "#read per token", "#GB/s", "#of bandwidth");
        foreach (SpeedMeasurement measurement in measurements)
        {
            Tables.AddRow(
                table,
                measurement.Kind,
                $"{measurement.Depth}",
                $"{measurement.Tokens}",
                Format.Rate(measurement.TokensPerSecond),
                $"{Format.Rate(measurement.Worst)} to {Format.Rate(measurement.Best)}",
                measurement.BytesPerToken is { } bytes ? Format.Bytes(bytes) : "",
                measurement.BytesPerSecond is { } rate ? $"{rate / 1e9:0.0}" : "",
                measurement.BytesPerSecond is { } read ? Format.Percent(read / bandwidth) : "");
        }

        terminal.Results.Write(table);
    }

    private static OpenedModel OpenModel(ParseResult parsed, Terminal terminal)
    {
        if (parsed.GetValue(Random) is not { } shape)
        {
            return parsed.GetValue(Weights) is null
                ? Model.Open(parsed)
                : throw new InvalidInputException("--format is that of random weights and goes with --random; to store a model in another format: moiety quantize.");
        }

        if (Model.IsGiven(parsed))
        {
            throw new InvalidInputException("--model and --random contradict each other: give a file or a shape.");
        }

        if (Model.HasAdapter(parsed))
        {
            throw new InvalidInputException("--adapter and --random contradict each other: an adapter belongs to one model.");
        }

        ModelPreset preset = ModelPreset.ByName(shape);
        StorageFormat format = Formats.ByName(parsed.GetValue(Weights) ?? "Q8_0");
        terminal.Error.WriteLine($"making random weights: {preset.Summary}, {format.Name}");
        return OpenedModel.Over(new RandomModel(preset, format), Model.ReadEngineOptions(parsed));
    }

    // Unless lengths are given, those that do not fit a short context are cut to it.
    private static SpeedOptions ReadOptions(ParseResult parsed, int contextLength)
    {
        SpeedOptions standard = new();
        int decode = parsed.GetValue(Decode);
        return new SpeedOptions
        {
            PrefillLengths = parsed.GetValue(Prefill) is { Length: > 0 } lengths ? [.. lengths] : [.. standard.PrefillLengths.Select(length => Math.Min(length, contextLength)).Distinct()],
            DecodeDepths = parsed.GetValue(Depth) is { Length: > 0 } depths ? [.. depths] : standard.DecodeDepths,
            DecodeTokens = decode,
            Repetitions = parsed.GetValue(Repetitions),
        };
    }

    private sealed class Announcement(Terminal terminal) : IProgress<SpeedMeasurement>
    {
        public void Report(SpeedMeasurement value) =>
            terminal.Error.WriteLine($"{value.Kind} {value.Tokens} tokens at depth {value.Depth}: {Format.Rate(value.TokensPerSecond)} tokens/s");
    }
}
