using System.Globalization;
using Moiety.Experiments.Definitions;
using Moiety.Experiments.Running;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Claims;

/// <summary>Something that is said about two arms and that their trainings show or refute.</summary>
/// <param name="Kind">The figure.</param>
/// <param name="Arm">The arm that it is about.</param>
/// <param name="Against">The arm that it is set against.</param>
/// <param name="AtLeast">Smallest figure with which it holds, or null.</param>
/// <param name="AtMost">Largest figure with which it holds, or null.</param>
public sealed record Claim(ClaimKind Kind, ExperimentArm Arm, ExperimentArm Against, double? AtLeast, double? AtMost)
{
    // A ratio of exactly 2 keeps "at least 2" after its logarithm was taken and turned back.
    private const double Tolerance = 1e-9;

    /// <summary>The claim as a sentence.</summary>
    public string Text => string.Create(CultureInfo.InvariantCulture, $"{Arm.Name} against {Against.Name}: {Kind.Description}, {Bound}");

    private string Bound => (AtLeast, AtMost) switch
    {
        ({ } least, { } most) => string.Create(CultureInfo.InvariantCulture, $"{least} to {most}{Kind.Unit}"),
        ({ } least, null) => string.Create(CultureInfo.InvariantCulture, $"at least {least}{Kind.Unit}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"at most {AtMost}{Kind.Unit}"),
    };

    /// <summary>Checks the claim.</summary>
    /// <param name="results">Results of any arms and seeds; those of this claim's arms with equal seeds are set against each other.</param>
    public ClaimOutcome Check(IEnumerable<ArmResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        ILookup<string, ArmResult> byArm = results.ToLookup(result => result.Arm);
        double?[] figures = [.. byArm[Arm.Name].Join(byArm[Against.Name], result => result.Seed, result => result.Seed, Kind.Measure)];

        // Times below the resolution of the clock give no ratio.
        double[] measured = [.. figures.OfType<double>().Where(value => double.IsFinite(value) && (!Kind.IsRatio || value > 0))];
        int missing = figures.Length - measured.Length;
        Interval? figure = measured.Length == 0 ? null : Kind.IsRatio ? Interval.OfRatios(measured) : Interval.Of(measured);
        return new ClaimOutcome(this, figure, missing, Judge(figure, missing));
    }

    private Verdict Judge(Interval? figure, int missing)
    {
        if (figure is not { } interval)
        {
            return missing == 0 ? Verdict.NotMeasured : Verdict.DoesNotHold;
        }

        if (missing > 0 || !Keeps(interval.Mean))
        {
            return Verdict.DoesNotHold;
        }

        return Kind.IsExact || (interval.IsKnown && Keeps(interval.Low) && Keeps(interval.High)) ? Verdict.Holds : Verdict.HoldsOnAverage;
    }

    private bool Keeps(double figure) => figure >= AtLeast.GetValueOrDefault(double.NegativeInfinity) - Slack(AtLeast) && figure <= AtMost.GetValueOrDefault(double.PositiveInfinity) + Slack(AtMost);

    private static double Slack(double? bound) => Math.Abs(bound.GetValueOrDefault()) * Tolerance;
}
