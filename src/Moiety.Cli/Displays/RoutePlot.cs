using Moiety.Evaluation.Routing;
using ScottPlot;

namespace Moiety.Cli.Displays;

/// <summary>Loads of experts as a picture: experts across, layers down, and below each layer its tokens of each kind.</summary>
internal static class RoutePlot
{
    private const int Width = 960;
    private const int RowHeight = 30;
    private const int Margin = 120;

    // A label in a cell is readable up to this many experts.
    private const int MostLabels = 16;

    /// <summary>Draws the map; the name ends in .svg or .png.</summary>
    public static void Draw(string path, RouteStatistics routes)
    {
        using Plot plot = new();
        (string Name, double[] Loads)[] rows = [.. routes.Layers.SelectMany(RouteHeatMap.Rows)];
        int widest = rows.Max(row => row.Loads.Length);
        for (int row = 0; row < rows.Length; row++)
        {
            double[] loads = rows[row].Loads;
            for (int expert = 0; expert < loads.Length; expert++)
            {
                double height = RouteHeatMap.Height(loads[expert], loads.Length);
                Spectre.Console.Color fill = RouteHeatMap.ColorOf(height);
                ScottPlot.Plottables.Rectangle cell = plot.Add.Rectangle(expert - 0.5, expert + 0.5, row - 0.5, row + 0.5);
                cell.FillColor = new Color(fill.R, fill.G, fill.B);
                cell.LineColor = Colors.White;
                if (widest <= MostLabels)
                {
                    ScottPlot.Plottables.Text label = plot.Add.Text(FormattableString.Invariant($"{loads[expert] * 100:0.0} %"), expert, row);
                    label.LabelAlignment = Alignment.MiddleCenter;
                    label.LabelFontColor = height > 0.7 ? Colors.Black : Colors.White;
                }
            }
        }

        plot.XLabel("expert");
        plot.Axes.Left.SetTicks([.. Enumerable.Range(0, rows.Length).Select(row => (double)row)], [.. rows.Select(row => row.Name.Trim())]);
        plot.HideGrid();
        plot.Axes.SetLimits(-0.5, widest - 0.5, rows.Length - 0.5, -0.5);
        int pixels = Margin + (RowHeight * rows.Length);
        if (path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
        {
            plot.SaveSvg(path, Width, pixels);
        }
        else
        {
            plot.SavePng(path, Width, pixels);
        }
    }
}
