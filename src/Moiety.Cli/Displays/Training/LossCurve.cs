using System.Text.Json;
using Moiety.Models;
using ScottPlot;

namespace Moiety.Cli.Displays.Training;

/// <summary>Draws the loss curve of a run from its <c>metrics.jsonl</c>, as SVG and PNG.</summary>
internal static class LossCurve
{
    private const int Width = 960;
    private const int Height = 540;

    /// <summary>Draws what the log of a run's folder holds; nothing is drawn when it holds no step.</summary>
    /// <returns>The files that were written.</returns>
    /// <exception cref="InvalidInputException">The log is malformed.</exception>
    public static IReadOnlyList<string> Write(string folder)
    {
        (List<Point> training, List<Point> heldOut) = Read(System.IO.Path.Combine(folder, "metrics.jsonl"));
        if (training.Count == 0)
        {
            return [];
        }

        using Plot plot = new();
        Add(plot, training, "training", Colors.SteelBlue, marker: false);
        Add(plot, heldOut, "held out", Colors.DarkOrange, marker: true);
        plot.XLabel("step");
        plot.YLabel("loss (nats per token)");
        plot.Axes.AutoScale();
        plot.ShowLegend(Alignment.UpperRight);
        string svg = System.IO.Path.Combine(folder, "loss.svg");
        string png = System.IO.Path.Combine(folder, "loss.png");
        plot.SaveSvg(svg, Width, Height);
        plot.SavePng(png, Width, Height);
        return [svg, png];
    }

    private static void Add(Plot plot, List<Point> points, string name, Color color, bool marker)
    {
        if (points.Count > 0)
        {
            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(points.Select(point => point.Step).ToArray(), points.Select(point => point.Loss).ToArray());
            line.LegendText = name;
            line.Color = color;
            line.LineWidth = marker ? 2 : 1;
            line.MarkerSize = marker ? 6 : 0;
        }
    }

    private static (List<Point> Training, List<Point> HeldOut) Read(string path)
    {
        List<Point> training = [];
        List<Point> heldOut = [];
        foreach (string line in File.ReadLines(path))
        {
            try
            {
                using JsonDocument json = JsonDocument.Parse(line);
                double step = json.RootElement.GetProperty("step").GetDouble();
                Take(json.RootElement, "ce", step, training);
                Take(json.RootElement, "validation_ce", step, heldOut);
            }
            catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
            {
                throw new InvalidInputException($"{path}: a line of the log is malformed: {error.Message}", error);
            }
        }

        return (training, heldOut);
    }

    private static void Take(JsonElement line, string name, double step, List<Point> points)
    {
        if (line.TryGetProperty(name, out JsonElement value) && value.ValueKind == JsonValueKind.Number)
        {
            points.Add(new Point(step, value.GetDouble()));
        }
    }

    private readonly record struct Point(double Step, double Loss);
}
