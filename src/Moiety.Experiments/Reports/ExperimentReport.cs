using System.Collections.Immutable;
using Moiety.Experiments.Claims;
using Moiety.Experiments.Definitions;
using Moiety.Experiments.Running;
using Moiety.Experiments.Serving;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Reports;

/// <summary>What an experiment's results say: arms over seeds, differences from the reference, claims.</summary>
public sealed class ExperimentReport
{
    private ExperimentReport(Experiment experiment, ImmutableArray<ArmResult> results, ImmutableArray<ArmSummary> arms, ServingResult? serving, ImmutableArray<ClaimOutcome> claims)
    {
        Serving = serving;
        Experiment = experiment;
        Results = results;
        Arms = arms;
        Claims = claims;
    }

    /// <summary>The experiment.</summary>
    public Experiment Experiment { get; }

    /// <summary>The results it is made of.</summary>
    public ImmutableArray<ArmResult> Results { get; }

    /// <summary>The arms that have a result, in the order of the file.</summary>
    public ImmutableArray<ArmSummary> Arms { get; }

    /// <summary>What serving the models was measured to take, or null.</summary>
    public ServingResult? Serving { get; }

    /// <summary>The claims, in the order of the file; those about serving after the others.</summary>
    public ImmutableArray<ClaimOutcome> Claims { get; }

    /// <summary>Makes a report of the results that there are; they may be of some arms and seeds only.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="results">Results of its trainings.</param>
    /// <param name="serving">What serving was measured to take, or null.</param>
    public static ExperimentReport From(Experiment experiment, IReadOnlyList<ArmResult> results, ServingResult? serving = null)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        ArgumentNullException.ThrowIfNull(results);
        ILookup<string, ArmResult> byArm = results.ToLookup(result => result.Arm);
        return new ExperimentReport(
            experiment,
            [.. results],
            [.. experiment.Arms.Where(arm => byArm.Contains(arm.Name)).Select(arm => Summarize(arm, experiment, byArm))],
            serving,
            [.. experiment.Claims.Select(claim => claim.Check(results)), .. experiment.Serving?.Claims.Select(claim => claim.Check(serving?.Measurements ?? [])) ?? []]);
    }

    private static ArmSummary Summarize(ExperimentArm arm, Experiment experiment, ILookup<string, ArmResult> byArm)
    {
        ArmResult[] own = [.. byArm[arm.Name]];
        double[] differences = [.. Paired(experiment.Reference).Select(pair => pair.Own.Loss - pair.Other.Loss)];
        double?[] ratios = experiment.Target is { } target
            ? [.. Paired(target).Select(pair => FlopsToLoss.Ratio(pair.Own, pair.Other))]
            : [];
        return new ArmSummary(
            arm,
            [.. own],
            arm == experiment.Reference || differences.Length == 0 ? null : Interval.Of(differences),
            ratios.Length == 0 || ratios.Contains(null) ? null : Interval.OfRatios([.. ratios.OfType<double>()]));

        IEnumerable<(ArmResult Own, ArmResult Other)> Paired(ExperimentArm other) =>
            own.Join(byArm[other.Name], result => result.Seed, result => result.Seed, (first, second) => (first, second));
    }
}
