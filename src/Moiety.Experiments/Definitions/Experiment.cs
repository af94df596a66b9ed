using System.Collections.Immutable;
using Moiety.Experiments.Claims;
using Moiety.Experiments.Serving;

namespace Moiety.Experiments.Definitions;

/// <summary>A question that trainings answer: arms that differ in what is asked, seeds, and claims to check.</summary>
public sealed record Experiment
{
    /// <summary>Its name: that of its file, with the variant behind it.</summary>
    public required string Name { get; init; }

    /// <summary>Where it comes from, for messages.</summary>
    public required string Source { get; init; }

    /// <summary>What it is about, in a line.</summary>
    public required string Title { get; init; }

    /// <summary>The question.</summary>
    public required string Question { get; init; }

    /// <summary>What the paper says.</summary>
    public required string Paper { get; init; }

    /// <summary>What is trained on and measured with.</summary>
    public required ExperimentData Data { get; init; }

    /// <summary>Seeds; every arm is trained with each.</summary>
    public required ImmutableArray<long> Seeds { get; init; }

    /// <summary>The arms, in the order of the file.</summary>
    public required ImmutableArray<ExperimentArm> Arms { get; init; }

    /// <summary>The arm that the others are set against, seed by seed.</summary>
    public required ExperimentArm Reference { get; init; }

    /// <summary>The arm whose final loss is the target of the column "training FLOPs to the same loss"; null for no such column.</summary>
    public ExperimentArm? Target { get; init; }

    /// <summary>What is claimed.</summary>
    public required ImmutableArray<Claim> Claims { get; init; }

    /// <summary>What is measured of serving the models; null for nothing.</summary>
    public ServingPlan? Serving { get; init; }

    /// <summary>The arm of a name, or null.</summary>
    public ExperimentArm? FindArm(string name) => Arms.FirstOrDefault(arm => arm.Name == name);

    /// <summary>Arms in an order in which each comes after its teacher, with the teachers of those that are wanted.</summary>
    /// <param name="wanted">Some arms.</param>
    public IReadOnlyList<ExperimentArm> InOrderOfTraining(IEnumerable<ExperimentArm> wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        List<ExperimentArm> order = [];
        foreach (ExperimentArm arm in wanted)
        {
            Add(arm);
        }

        return order;

        void Add(ExperimentArm arm)
        {
            if (order.Contains(arm))
            {
                return;
            }

            if (arm.Teacher is { } teacher)
            {
                Add(FindArm(teacher)!);
            }

            order.Add(arm);
        }
    }
}
