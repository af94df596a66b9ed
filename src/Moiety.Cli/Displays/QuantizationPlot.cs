using Moiety.Evaluation.Quantization;
using Moiety.Models;
using ScottPlot;

namespace Moiety.Cli.Displays;

/// <summary>Perplexity against bytes as a picture.</summary>
internal static class QuantizationPlot
{
    private const int Width = 960;
    private const int Height = 540;

    /// <summary>Checks a file name before any work.</summary>
    /// <exception cref="InvalidInputException">It ends neither in .svg nor in .png, or is a folder.</exception>
    public static void Check(string? path)
    {
        if (Directory.Exists(path))
        {
            throw new InvalidInputException($"--plot {path}: it is a folder, and a picture is to be written.");
        }

        if (path is not null && !IsSvg(path) && !path.EndsWith(".png", StringComparison.OrdinalIgnoreCase))
        {
            throw new InvalidInputException($"--plot {path}: the name must end in .svg or .png.");
        }
    }

    /// <summary>Draws the trials.</summary>
    public static void Draw(string path, IReadOnlyList<QuantizationTrial> trials)
    {
        using Plot plot = new();
        Add(plot, [.. trials.Where(trial => !trial.IsCalibrated)], "rounded alike", Colors.SteelBlue, Alignment.LowerLeft);
        Add(plot, [.. trials.Where(trial => trial.IsCalibrated)], "calibrated", Colors.DarkOrange, Alignment.UpperRight);
        plot.XLabel("weights (MiB)");
        plot.YLabel("perplexity");
        plot.Axes.AutoScale();
        plot.ShowLegend(Alignment.UpperRight);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (IsSvg(path))
        {
            plot.SaveSvg(path, Width, Height);
        }
        else
        {
            plot.SavePng(path, Width, Height);
        }
    }

    private static void Add(Plot plot, QuantizationTrial[] trials, string name, Color color, Alignment labels)
    {
        if (trials.Length == 0)
        {
            return;
        }

        QuantizationTrial[] sorted = [.. trials.OrderBy(trial => trial.Bytes)];
        ScottPlot.Plottables.Scatter line = plot.Add.Scatter(
            sorted.Select(trial => trial.Bytes / (1024.0 * 1024)).ToArray(), sorted.Select(trial => trial.Result.Perplexity).ToArray());
        line.LegendText = name;
        line.Color = color;
        line.MarkerSize = 7;
        foreach (QuantizationTrial trial in sorted)
        {
            ScottPlot.Plottables.Text label = plot.Add.Text(trial.Name, trial.Bytes / (1024.0 * 1024), trial.Result.Perplexity);
            label.LabelFontColor = color;
            label.LabelAlignment = labels;
        }
    }

    private static bool IsSvg(string path) => path.EndsWith(".svg", StringComparison.OrdinalIgnoreCase);
}
