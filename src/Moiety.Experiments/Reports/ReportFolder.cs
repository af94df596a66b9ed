using System.Collections.Immutable;
using System.Globalization;
using System.Text;
using Moiety.Experiments.Running;
using Moiety.Experiments.Serving;
using Moiety.Models.Checkpoints;

namespace Moiety.Experiments.Reports;

/// <summary>Writes a report: <c>results.jsonl</c>, a line per arm and seed, and <c>report.md</c>, for people.</summary>
public static class ReportFolder
{
    /// <summary>Writes both files.</summary>
    /// <param name="report">The report.</param>
    /// <param name="folder">The folder of the experiment.</param>
    /// <exception cref="Models.InvalidInputException">A file cannot be written.</exception>
    public static void Write(ExperimentReport report, string folder)
    {
        ArgumentNullException.ThrowIfNull(report);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        ResultFile.WriteLines(Path.Combine(folder, "results.jsonl"), report.Results);
        AtomicFile.Write(Path.Combine(folder, "report.md"), 0, stream => stream.Write(Encoding.UTF8.GetBytes(Text(report))));
    }

    private static string Text(ExperimentReport report)
    {
        StringBuilder text = new();
        text.Append($"# {report.Experiment.Title}\n\n{report.Experiment.Question}\n\nThe paper: {report.Experiment.Paper}\n\n## Arms\n\n");
        foreach (ArmSummary arm in report.Arms.Where(arm => arm.Arm.About.Length > 0))
        {
            text.Append($"- `{arm.Arm.Name}`: {arm.Arm.About}\n");
        }

        text.Append($"\nMeans over seeds with 95 % t intervals; differences and ratios are paired by seed.\n\n");
        Append(text, ReportTable.Arms(report));
        if (report.Serving is { } serving && ReportTable.Serving(report) is { } measured)
        {
            text.Append(CultureInfo.InvariantCulture, $"\n## Serving\n\nDecoding in the engine with {serving.Threads} threads, which read {serving.Bandwidth / 1e9:0.0} GB/s from memory. All models take turns; ratios are paired by repetition.\n\n");
            foreach (ServingShape shape in report.Experiment.Serving?.Shapes.Where(shape => shape.About.Length > 0) ?? [])
            {
                text.Append($"- `{shape.Name}`: {shape.About}\n");
            }

            text.Append('\n');
            Append(text, measured);
        }

        if (report.Claims.Length > 0)
        {
            text.Append("\n## Claims\n\n");
            Append(text, ReportTable.Claims(report));
        }

        return text.ToString();
    }

    private static void Append(StringBuilder text, ReportTable table)
    {
        text.Append($"| {string.Join(" | ", table.Columns.Select(column => column.TrimStart('#')))} |\n");
        text.Append($"|{string.Concat(table.Columns.Select(column => column.StartsWith('#') ? "---:|" : "---|"))}\n");
        foreach (ImmutableArray<string> row in table.Rows)
        {
            text.Append($"| {string.Join(" | ", row)} |\n");
        }
    }
}
