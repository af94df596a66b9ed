using System.Collections.Immutable;
using Moiety.Cli.Shell;
using Moiety.Experiments.Reports;
using Spectre.Console;

namespace Moiety.Cli.Displays.Experiments;

/// <summary>A report in the terminal.</summary>
internal static class ReportDisplay
{
    /// <summary>Writes the arms, what serving took, and the claims.</summary>
    public static void Write(ExperimentReport report, Terminal terminal)
    {
        Write(ReportTable.Arms(report), terminal);
        if (ReportTable.Serving(report) is { } serving)
        {
            Write(serving, terminal);
        }

        if (report.Claims.Length > 0)
        {
            Write(ReportTable.Claims(report), terminal);
        }
    }

    private static void Write(ReportTable table, Terminal terminal)
    {
        Table shown = Tables.Create(terminal, [.. table.Columns]);
        foreach (ImmutableArray<string> row in table.Rows)
        {
            Tables.AddRow(shown, [.. row]);
        }

        terminal.Results.Write(shown);
    }
}
