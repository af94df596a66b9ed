using System.Collections.Immutable;
using System.Globalization;
using Moiety.Experiments.Claims;
using Moiety.Experiments.Serving;

namespace Moiety.Experiments.Reports;

/// <summary>A table of a report, the same in the terminal and in a file.</summary>
/// <param name="Columns">Heads; one that begins with # is a column of figures.</param>
/// <param name="Rows">Cells, as many per row as there are columns.</param>
public sealed record ReportTable(ImmutableArray<string> Columns, ImmutableArray<ImmutableArray<string>> Rows)
{
    private const string Nothing = "–";

    /// <summary>The arms.</summary>
    public static ReportTable Arms(ExperimentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        bool routed = report.Results.Any(result => result.ExpertLoads.Length > 0);
        List<string> columns = ["arm", "#seeds", "#parameters", "#active", "#training FLOPs", "#tokens", "#CPU seconds", "#held-out loss", $"#minus {report.Experiment.Reference.Name}"];
        if (report.Experiment.Target is { } target)
        {
            columns.Add($"#FLOPs to {target.Name}'s loss");
        }

        if (routed)
        {
            columns.AddRange(["#dropped", "#uneven load"]);
        }

        return new ReportTable([.. columns], [.. report.Arms.Select(Row)]);

        ImmutableArray<string> Row(ArmSummary arm)
        {
            Running.ArmResult any = arm.Results[0];
            List<string> cells =
            [
                arm.Arm.Name,
                $"{arm.Results.Length}",
                Quantity.Of(any.Parameters),
                Quantity.Of(any.ActiveParameters),
                Quantity.Of(any.TrainingFlops),
                Quantity.Of(any.Tokens),
                Quantity.Of(arm.ProcessorSeconds, "0"),
                Quantity.Of(arm.Loss, "0.0000"),
                arm.Difference is { } difference ? Quantity.Of(difference, "+0.0000;-0.0000").Replace("± +", "± ", StringComparison.Ordinal) : Nothing,
            ];
            if (report.Experiment.Target is not null)
            {
                cells.Add(arm.FlopsRatio is { } ratio ? Quantity.Range(ratio, "0.00", "× fewer") : "not reached");
            }

            if (routed)
            {
                bool has = any.ExpertLoads.Length > 0;
                cells.Add(has ? Percent(arm.Results.Average(result => result.Dropped)) : Nothing);
                cells.Add(has ? arm.Results.Average(result => result.ExpertLoads.Average(load => load.Variation)).ToString("0.00", CultureInfo.InvariantCulture) : Nothing);
            }

            return [.. cells];
        }
    }

    /// <summary>The claims.</summary>
    public static ReportTable Claims(ExperimentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        return new ReportTable(["claim", "#measured", "verdict"], [.. report.Claims.Select(Row)]);

        static ImmutableArray<string> Row(ClaimOutcome outcome) =>
        [
            outcome.Claim,
            outcome.Figure is { } figure ? Quantity.Range(figure, "0.00##", outcome.Unit) : Nothing,
            outcome.Verdict switch
            {
                Verdict.Holds => "holds",
                Verdict.HoldsOnAverage => outcome.Figure is { IsKnown: true } ? "holds on average; the interval reaches beyond the bound" : "holds in the one run",
                Verdict.DoesNotHold when outcome.Missing > 0 => $"does not hold: without a figure in {outcome.Missing} of the seeds",
                Verdict.DoesNotHold => "does not hold",
                _ => "not measured",
            },
        ];
    }

    /// <summary>Latency and throughput of serving; null where nothing was measured.</summary>
    public static ReportTable? Serving(ExperimentReport report)
    {
        ArgumentNullException.ThrowIfNull(report);
        if (report.Serving is not { } serving)
        {
            return null;
        }

        return new ReportTable(
            ["model", "weights", "#parameters", "#active", "#sequences", "#ms per step", "#tokens/s", "#read per token", "#GB/s", "#of bandwidth", "#times the fastest"],
            [.. serving.Measurements.Select(Row)]);

        ImmutableArray<string> Row(ServingMeasurement measured)
        {
            ServingMeasurement fastest = serving.Measurements
                .Where(other => other.Batch == measured.Batch && other.IsTrained == measured.IsTrained)
                .MinBy(other => other.Latency.Mean)!;
            return
            [
                measured.Model,
                measured.IsTrained ? "trained" : "random",
                Quantity.Of(measured.Parameters),
                Quantity.Of(measured.ActiveParameters),
                $"{measured.Batch}",
                (measured.Latency.Mean * 1000).ToString("0.00", CultureInfo.InvariantCulture),
                measured.TokensPerSecond.ToString("0.0", CultureInfo.InvariantCulture),
                $"{Quantity.Of(measured.BytesPerToken)}B",
                (measured.BytesPerSecond / 1e9).ToString("0.0", CultureInfo.InvariantCulture),
                Percent(measured.BytesPerSecond / serving.Bandwidth),
                measured == fastest ? "1" : Quantity.Range(measured.TimesOf(fastest), "0.00", "×"),
            ];
        }
    }

    private static string Percent(double share) => (share * 100).ToString("0.0", CultureInfo.InvariantCulture) + " %";
}
