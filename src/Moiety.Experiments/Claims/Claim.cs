using Moiety.Experiments.Definitions;
using Moiety.Experiments.Running;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Claims;

/// <summary>Something that is said about two arms and that their trainings show or refute.</summary>
/// <param name="Kind">The figure.</param>
/// <param name="Arm">The arm that it is about.</param>
/// <param name="Against">The arm that it is set against.</param>
/// <param name="Bound">What the figure has to keep.</param>
public sealed record Claim(ClaimKind Kind, ExperimentArm Arm, ExperimentArm Against, Bound Bound)
{
    /// <summary>The claim as a sentence.</summary>
    public string Text => $"{Arm.Name} against {Against.Name}: {Kind.Description}, {Bound.Describe(Kind.Unit)}";

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
        return new ClaimOutcome(Text, Kind.Unit, figure, missing, Bound.Judge(figure, missing, Kind.IsExact));
    }
}
