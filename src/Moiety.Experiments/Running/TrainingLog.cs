using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json;
using Moiety.Models;

namespace Moiety.Experiments.Running;

/// <summary>
/// What the <c>metrics.jsonl</c> of a finished training says: the held-out loss over its course with the time until then, and how its
/// routers behaved. Times are those of training steps, without evaluations and checkpoints.
/// </summary>
internal sealed class TrainingLog
{
    private readonly List<CurvePoint> _curve = [];
    private readonly List<(SortedDictionary<int, double[]> Loads, double Dropped)> _routers = [];
    private readonly double _flopsPerToken;
    private readonly double _teacherFlopsPerToken;
    private long _tokens;
    private double _flops;

    private TrainingLog(double flopsPerToken, double teacherFlopsPerToken)
    {
        _flopsPerToken = flopsPerToken;
        _teacherFlopsPerToken = teacherFlopsPerToken;
    }

    /// <summary>Evaluations in order of steps.</summary>
    internal IReadOnlyList<CurvePoint> Curve => _curve;

    /// <summary>Held-out loss of the last evaluation with tokens dropped.</summary>
    internal double LossWithDrops { get; private set; }

    /// <summary>Wall time of the steps.</summary>
    internal double Seconds { get; private set; }

    /// <summary>Processor time of the steps.</summary>
    internal double ProcessorSeconds { get; private set; }

    /// <summary>Mean share of dropped choices in the last quarter of the lines.</summary>
    internal double Dropped => _routers.Count == 0 ? 0 : LastQuarter.Average(line => line.Dropped);

    /// <summary>Mean load of the experts in the last quarter of the lines.</summary>
    internal ImmutableArray<ExpertLoad> ExpertLoads => _routers.Count == 0
        ? []
        : [.. LastQuarter.First().Loads.Keys.Select(layer => new ExpertLoad(layer, MeanLoad(layer)))];

    private IEnumerable<(SortedDictionary<int, double[]> Loads, double Dropped)> LastQuarter => _routers.TakeLast((_routers.Count + 3) / 4);

    /// <summary>Reads a log.</summary>
    /// <param name="path">The file.</param>
    /// <param name="flopsPerToken">Operations of training on a token.</param>
    /// <param name="teacherFlopsPerToken">What a teacher adds to it while it is listened to.</param>
    /// <exception cref="InvalidInputException">A line is malformed.</exception>
    internal static TrainingLog Read(string path, double flopsPerToken, double teacherFlopsPerToken)
    {
        TrainingLog log = new(flopsPerToken, teacherFlopsPerToken);
        foreach (string line in File.ReadLines(path))
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(line);
                log.Add(document.RootElement);
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
            {
                throw new InvalidInputException($"{path}: a line of the log is malformed: {error.Message}", error);
            }
        }

        return log;
    }

    private void Add(JsonElement line)
    {
        if (line.TryGetProperty("validation_ce", out JsonElement loss))
        {
            long step = line.GetProperty("step").GetInt64();
            LossWithDrops = line.GetProperty("validation_ce_with_drops").GetDouble();

            // A run that was stopped between its last step and its end evaluates twice.
            _curve.RemoveAll(point => point.Step >= step);
            _curve.Add(new CurvePoint(step, _tokens, _flops, Seconds, ProcessorSeconds, loss.GetDouble()));
            return;
        }

        long tokens = line.GetProperty("tokens").GetInt64();
        Seconds += Time(line, "tokens_per_second", tokens - _tokens);
        ProcessorSeconds += Time(line, "tokens_per_cpu_second", tokens - _tokens);
        _flops += (tokens - _tokens) * (_flopsPerToken + (line.TryGetProperty("kd", out _) ? _teacherFlopsPerToken : 0));
        _tokens = tokens;
        if (line.TryGetProperty("load", out JsonElement load))
        {
            SortedDictionary<int, double[]> loads = [];
            foreach (JsonProperty layer in load.EnumerateObject())
            {
                loads[int.Parse(layer.Name, CultureInfo.InvariantCulture)] = [.. layer.Value.EnumerateArray().Select(share => share.GetDouble())];
            }

            _routers.Add((loads, line.GetProperty("dropped").GetDouble()));
        }
    }

    // A rate that is null was infinite: less time than the system's clock resolves.
    private static double Time(JsonElement line, string rate, long tokens) =>
        line.GetProperty(rate) is { ValueKind: JsonValueKind.Number } value ? tokens / value.GetDouble() : 0;

    private ImmutableArray<double> MeanLoad(int layer)
    {
        double[][] lines = [.. LastQuarter.Select(line => line.Loads[layer])];
        return [.. Enumerable.Range(0, lines[0].Length).Select(expert => Math.Round(lines.Average(shares => shares[expert]), 5))];
    }
}
