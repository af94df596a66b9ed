using Moiety.Experiments.Reports;
using ScottPlot;

namespace Moiety.Cli.Displays.Experiments;

/// <summary>Draws a report: loss over training operations with a band over seeds, and loss over parameters; each as SVG and PNG.</summary>
internal static class ExperimentPlot
{
    private const int Width = 960;
    private const int Height = 540;
    private const double BandOpacity = 0.2;

    private static readonly ScottPlot.Palettes.Category10 Palette = new();

    /// <summary>Draws both pictures; nothing is drawn without results.</summary>
    /// <returns>The files that were written.</returns>
    public static IReadOnlyList<string> Write(ExperimentReport report, string folder)
    {
        if (report.Arms.Length == 0)
        {
            return [];
        }

        using Plot overFlops = LossOverFlops(report);
        using Plot overParameters = LossOverParameters(report);
        return [.. Save(overFlops, System.IO.Path.Combine(folder, "loss-flops")), .. Save(overParameters, System.IO.Path.Combine(folder, "loss-parameters"))];
    }

    private static Plot LossOverFlops(ExperimentReport report)
    {
        Plot plot = new();
        for (int i = 0; i < report.Arms.Length; i++)
        {
            ArmSummary arm = report.Arms[i];
            double[] flops = [.. arm.Band.Select(point => Math.Log10(point.Flops))];
            Color color = Palette.GetColor(i);
            if (arm.Results.Length > 1)
            {
                ScottPlot.Plottables.FillY band = plot.Add.FillY(flops, [.. arm.Band.Select(point => point.Low)], [.. arm.Band.Select(point => point.High)]);
                band.FillColor = color.WithAlpha(BandOpacity);
                band.LineWidth = 0;
                band.MarkerSize = 0;
            }

            ScottPlot.Plottables.Scatter line = plot.Add.Scatter(flops, [.. arm.Band.Select(point => point.Mean)], color);
            line.LegendText = arm.Arm.Name;
            line.LineWidth = 2;
            line.MarkerSize = 4;
        }

        plot.XLabel("training FLOPs");
        plot.YLabel("held-out loss (nats per token)");
        plot.Title($"{report.Experiment.Title}: mean and range of seeds", size: 14);
        Finish(plot);
        return plot;
    }

    private static Plot LossOverParameters(ExperimentReport report)
    {
        Plot plot = new();
        for (int i = 0; i < report.Arms.Length; i++)
        {
            ArmSummary arm = report.Arms[i];
            Color color = Palette.GetColor(i);
            double[] parameters = [Math.Log10(arm.Results[0].Parameters)];
            double[] loss = [arm.Loss.Mean];
            ScottPlot.Plottables.Scatter mark = plot.Add.Scatter(parameters, loss, color);
            mark.LegendText = arm.Arm.Name;
            mark.MarkerSize = 10;
            if (arm.Loss.IsKnown)
            {
                ScottPlot.Plottables.ErrorBar bar = plot.Add.ErrorBar(parameters, loss, yErrors: [arm.Loss.HalfWidth]);
                bar.Color = color;
            }
        }

        plot.XLabel("parameters");
        plot.YLabel("held-out loss (nats per token)");
        plot.Title($"{report.Experiment.Title}: mean and 95 % interval over seeds", size: 14);
        Finish(plot);
        return plot;
    }

    // The horizontal axis holds logarithms; its ticks show what they are logarithms of.
    private static void Finish(Plot plot)
    {
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericAutomatic
        {
            LabelFormatter = logarithm => Math.Pow(10, logarithm) is >= 1e9 and var large
                ? FormattableString.Invariant($"{large:0.0e0}")
                : Format.Count(Math.Pow(10, logarithm)),
        };
        plot.Axes.AutoScale();
        plot.ShowLegend(Alignment.UpperRight);
    }

    private static string[] Save(Plot plot, string path)
    {
        plot.SaveSvg(path + ".svg", Width, Height);
        plot.SavePng(path + ".png", Width, Height);
        return [path + ".svg", path + ".png"];
    }
}
