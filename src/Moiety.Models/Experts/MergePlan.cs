using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>Which experts of a model become one, and how much each counts in it.</summary>
/// <param name="Config">What the model becomes.</param>
/// <param name="Groups">[layer with experts][new expert]: the experts that it is made of, ascending.</param>
/// <param name="Shares">[layer with experts][expert]: its share in the average; those of a group sum to 1.</param>
/// <param name="Notes">What a user should know of it.</param>
public sealed record MergePlan(
    ModelConfig Config,
    ImmutableSortedDictionary<int, ImmutableArray<ImmutableArray<int>>> Groups,
    ImmutableSortedDictionary<int, ImmutableArray<double>> Shares,
    ImmutableArray<string> Notes);
