using Moiety.Evaluation.Routing;
using ScottPlot;

namespace Moiety.Cli.Displays;

/// <summary>Loads of experts as a picture: experts across, layers down.</summary>
internal static class RoutePlot
{
    private const int Width = 960;
    private const int Height = 540;

    // A label in a cell is readable up to this many experts.
    private const int MostLabels = 16;

    /// <summary>Draws the map; the name ends in .svg or .png.</summary>
    public static void Draw(string path, RouteStatistics routes)
    {
        using Plot plot = new();
        int widest = routes.Layers.Max(layer => layer.ExpertCount);
        for (int row = 0; row < routes.Layers.Length; row++)
        {
            LayerRoutes layer = routes.Layers[row];
            for (int expert = 0; expert < layer.ExpertCount; expert++)
            {
                double load = layer.Loads[expert];
                double height = RouteHeatMap.Height(load, layer.ExpertCount);
                Spectre.Console.Color fill = RouteHeatMap.ColorOf(height);
                ScottPlot.Plottables.Rectangle cell = plot.Add.Rectangle(expert - 0.5, expert + 0.5, row - 0.5, row + 0.5);
                cell.FillColor = new Color(fill.R, fill.G, fill.B);
                cell.LineColor = Colors.White;
                if (widest <= MostLabels)
                {
                    ScottPlot.Plottables.Text label = plot.Add.Text(FormattableString.Invariant($"{load * 100:0.0} %"), expert, row);
                    label.LabelAlignment = Alignment.MiddleCenter;
                    label.LabelFontColor = height > 0.7 ? Colors.Black : Colors.White;
                }
            }
        }

        plot.XLabel("expert");
        plot.YLabel("layer");
        plot.Axes.Left.SetTicks([.. Enumerable.Range(0, routes.Layers.Length).Select(row => (double)row)], [.. routes.Layers.Select(layer => $"{layer.Layer}")]);
        plot.HideGrid();
        plot.Axes.SetLimits(-0.5, widest - 0.5, routes.Layers.Length - 0.5, -0.5);
        if (path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
        {
            plot.SaveSvg(path, Width, Height);
        }
        else
        {
            plot.SavePng(path, Width, Height);
        }
    }
}
