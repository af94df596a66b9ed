using Moiety.Evaluation.Routing;
using ScottPlot;

namespace Moiety.Cli.Displays;

/// <summary>Perplexity against the number of experts as a picture.</summary>
internal static class ExpertTrialPlot
{
    private const int Width = 960;
    private const int Height = 540;

    /// <summary>Draws the trials; the name ends in .svg or .png.</summary>
    public static void Draw(string path, IReadOnlyList<ExpertTrial> trials)
    {
        using Plot plot = new();
        ExpertTrial[] sorted = [.. trials.OrderBy(Total)];
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(sorted.Select(Total).ToArray(), sorted.Select(trial => trial.Result.Perplexity).ToArray());
        line.Color = Colors.SteelBlue;
        line.MarkerSize = 7;
        foreach (ExpertTrial trial in sorted)
        {
            ScottPlot.Plottables.Text label = plot.Add.Text(trial.Name, Total(trial), trial.Result.Perplexity);
            label.LabelFontColor = Colors.SteelBlue;
            label.LabelAlignment = Alignment.LowerLeft;
        }

        plot.XLabel("experts of all layers");
        plot.YLabel("perplexity");
        plot.Axes.AutoScale();
        plot.Axes.Margins(0.1, 0.1);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase))
        {
            plot.SaveSvg(path, Width, Height);
        }
        else
        {
            plot.SavePng(path, Width, Height);
        }
    }

    private static double Total(ExpertTrial trial) => trial.Experts.Sum();
}
