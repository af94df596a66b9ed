using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Training.Routing.Gates;

namespace Moiety.Training.Routing;

/// <summary>All gates. Configurations, the documentation and the tests read this list.</summary>
public static class GateRegistry
{
    /// <summary>Every gate, the default first.</summary>
    public static ImmutableArray<GateKind> All { get; } =
    [
        new TopKKind(),
        new SwitchKind(),
        new TopKSoftmaxKind(),
        new SigmoidKind(),
        new GroupLimitedKind(),
        new BiasBalancedKind(),
        new NoisyTopKKind(),
        new GShardKind(),
        new ExpertChoiceKind(),
        new SoftKind(),
        new BaseKind(),
        new SinkhornKind(),
        new HashKind(),
        new DenseToSparseKind(),
        new SparseMixerKind(),
    ];

    /// <summary>The gates by name.</summary>
    internal static IReadOnlyDictionary<string, GateKind> ByName { get; } = All.ToDictionary(kind => kind.Name, StringComparer.Ordinal);

    /// <summary>The gate that computes what a model's configuration describes.</summary>
    internal static GateOptions DefaultFor(MoeConfig moe) => (All.FirstOrDefault(kind => kind.IsDefaultFor(moe)) ?? All[0]).DefaultOptions(moe);
}
