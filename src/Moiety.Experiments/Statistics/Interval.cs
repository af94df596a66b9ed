namespace Moiety.Experiments.Statistics;

/// <summary>A mean over independent runs with its 95 % confidence interval.</summary>
/// <param name="Mean">The mean.</param>
/// <param name="Low">Lower end; equal to the mean where there is no spread to estimate, see <see cref="IsKnown"/>.</param>
/// <param name="High">Upper end.</param>
/// <param name="Count">Runs.</param>
public readonly record struct Interval(double Mean, double Low, double High, int Count)
{
    private const double Confidence = 0.95;

    /// <summary>Whether there is an interval: one run has no spread.</summary>
    public bool IsKnown => Count >= 2;

    /// <summary>Half the width.</summary>
    public double HalfWidth => (High - Low) / 2;

    /// <summary>Mean and t interval of some values: m ± t(n - 1) s / √n.</summary>
    /// <exception cref="ArgumentException">There is no value.</exception>
    public static Interval Of(IReadOnlyCollection<double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        if (values.Count == 0)
        {
            throw new ArgumentException("an interval needs at least one value", nameof(values));
        }

        double mean = values.Average();
        if (values.Count == 1)
        {
            return new Interval(mean, mean, mean, 1);
        }

        double variance = values.Sum(value => (value - mean) * (value - mean)) / (values.Count - 1);
        double half = StudentT.Bound(Confidence, values.Count - 1) * Math.Sqrt(variance / values.Count);
        return new Interval(mean, mean - half, mean + half, values.Count);
    }

    /// <summary>The same for ratios, of which 2 and 1/2 are equally far from 1: mean and interval of the logarithms, turned back.</summary>
    /// <param name="ratios">Positive values.</param>
    public static Interval OfRatios(IReadOnlyCollection<double> ratios)
    {
        ArgumentNullException.ThrowIfNull(ratios);
        Interval logarithms = Of([.. ratios.Select(ratio => Math.Log(ratio))]);
        return new Interval(Math.Exp(logarithms.Mean), Math.Exp(logarithms.Low), Math.Exp(logarithms.High), ratios.Count);
    }
}
