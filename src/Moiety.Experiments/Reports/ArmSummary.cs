using System.Collections.Immutable;
using Moiety.Experiments.Definitions;
using Moiety.Experiments.Running;
using Moiety.Experiments.Statistics;

namespace Moiety.Experiments.Reports;

/// <summary>An arm over its seeds.</summary>
/// <param name="Arm">The arm.</param>
/// <param name="Results">Its results, at least one.</param>
/// <param name="Difference">Loss minus that of the reference arm, paired by seed; null for the reference itself or where no seed has both.</param>
/// <param name="FlopsRatio">
/// Training operations of the target arm over those that this arm took to come down to the target's final loss, paired by seed; null without
/// a target or where a seed never came there.
/// </param>
public sealed record ArmSummary(ExperimentArm Arm, ImmutableArray<ArmResult> Results, Interval? Difference, Interval? FlopsRatio)
{
    /// <summary>Held-out loss at the end.</summary>
    public Interval Loss { get; } = Interval.Of([.. Results.Select(result => result.Loss)]);

    /// <summary>Processor time of the training.</summary>
    public Interval ProcessorSeconds { get; } = Interval.Of([.. Results.Select(result => result.ProcessorSeconds)]);

    /// <summary>
    /// The loss over the training: at each evaluation, which all seeds have at the same step, the mean and the lowest and highest seed.
    /// </summary>
    public ImmutableArray<BandPoint> Band =>
    [
        .. Results.SelectMany(result => result.Curve)
            .GroupBy(point => point.Step)
            .Where(points => points.Count() == Results.Length)
            .OrderBy(points => points.Key)
            .Select(points => new BandPoint(points.First().Flops, points.Average(point => point.Loss), points.Min(point => point.Loss), points.Max(point => point.Loss))),
    ];
}
