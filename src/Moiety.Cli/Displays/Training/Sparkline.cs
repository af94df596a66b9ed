namespace Moiety.Cli.Displays.Training;

/// <summary>The course of a number in one line of characters.</summary>
internal static class Sparkline
{
    private const string Levels = "▁▂▃▄▅▆▇█";

    /// <summary>Draws values, oldest left, each character the mean of its share of them.</summary>
    /// <param name="values">The values.</param>
    /// <param name="width">Most characters.</param>
    public static string Of(IReadOnlyList<double> values, int width)
    {
        int count = Math.Min(width, values.Count);
        double[] means = new double[count];
        for (int index = 0; index < count; index++)
        {
            int from = (int)((long)index * values.Count / count);
            int to = (int)((index + 1L) * values.Count / count);
            means[index] = Enumerable.Range(from, to - from).Average(at => values[at]);
        }

        double low = means.Where(double.IsFinite).DefaultIfEmpty(0).Min();
        double high = means.Where(double.IsFinite).DefaultIfEmpty(0).Max();
        return string.Concat(means.Select(mean => Level(mean, low, high)));
    }

    private static char Level(double value, double low, double high)
    {
        if (!double.IsFinite(value))
        {
            return '!';
        }

        double height = high > low ? (value - low) / (high - low) : 0;
        return Levels[(int)Math.Round(height * (Levels.Length - 1))];
    }
}
