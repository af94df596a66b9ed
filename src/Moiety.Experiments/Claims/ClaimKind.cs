using System.Collections.Immutable;
using Moiety.Experiments.Running;

namespace Moiety.Experiments.Claims;

/// <summary>
/// A figure that sets one arm against another, seed by seed. A new kind of claim is a class of its own and a line in <see cref="All"/>.
/// </summary>
public abstract class ClaimKind
{
    /// <summary>Every kind.</summary>
    public static ImmutableArray<ClaimKind> All { get; } =
    [
        new FlopsToLoss(),
        new TimeToLoss(),
        new LossExcess(),
        new LossGain(),
        new ParameterRatio(),
        new LayerReduction(),
        new StepTimeRatio(),
    ];

    /// <summary>What a file calls it.</summary>
    public abstract string Name { get; }

    /// <summary>What the figure is, as the end of "ARM against ARM: …".</summary>
    public abstract string Description { get; }

    /// <summary>Unit behind the figure.</summary>
    public abstract string Unit { get; }

    /// <summary>Whether figures are ratios, of which 2 and 1/2 are equally far from 1.</summary>
    public virtual bool IsRatio => false;

    /// <summary>Whether the figure follows from the configuration, so that one run is enough.</summary>
    public virtual bool IsExact => false;

    /// <summary>The figure of one seed, or null where it does not exist.</summary>
    /// <param name="arm">The arm that the claim is about.</param>
    /// <param name="against">The arm that it is set against, of the same seed.</param>
    public abstract double? Measure(ArmResult arm, ArmResult against);
}
