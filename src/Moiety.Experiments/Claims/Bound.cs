using System.Globalization;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Claims;

/// <summary>What a figure has to keep for a claim to hold.</summary>
/// <param name="AtLeast">Smallest figure, or null for none.</param>
/// <param name="AtMost">Largest figure, or null for none.</param>
public sealed record Bound(double? AtLeast, double? AtMost)
{
    // A ratio of exactly 2 keeps "at least 2" after its logarithm was taken and turned back.
    private const double Tolerance = 1e-9;

    /// <summary>The bound in words.</summary>
    /// <param name="unit">Unit behind figures.</param>
    public string Describe(string unit) => (AtLeast, AtMost) switch
    {
        ({ } least, { } most) => string.Create(CultureInfo.InvariantCulture, $"{least} to {most}{unit}"),
        ({ } least, null) => string.Create(CultureInfo.InvariantCulture, $"at least {least}{unit}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"at most {AtMost}{unit}"),
    };

    /// <summary>Judges a figure.</summary>
    /// <param name="figure">The figure, or null where there is none.</param>
    /// <param name="missing">Runs that were done and have no figure.</param>
    /// <param name="isExact">Whether one run is as good as many.</param>
    public Verdict Judge(Interval? figure, int missing, bool isExact)
    {
        if (figure is not { } interval)
        {
            return missing == 0 ? Verdict.NotMeasured : Verdict.DoesNotHold;
        }

        if (missing > 0 || !Keeps(interval.Mean))
        {
            return Verdict.DoesNotHold;
        }

        return isExact || (interval.IsKnown && Keeps(interval.Low) && Keeps(interval.High)) ? Verdict.Holds : Verdict.HoldsOnAverage;
    }

    private static double Slack(double bound) => Math.Abs(bound) * Tolerance;

    private bool Keeps(double figure) => !(figure < AtLeast - Slack(AtLeast.GetValueOrDefault())) && !(figure > AtMost + Slack(AtMost.GetValueOrDefault()));
}
