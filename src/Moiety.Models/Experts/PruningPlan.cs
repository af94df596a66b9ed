using System.Collections.Immutable;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>Which experts of a model stay.</summary>
/// <param name="Config">What the model becomes.</param>
/// <param name="Kept">[layer with experts]: the experts that stay, ascending.</param>
/// <param name="Notes">What a user should know of it.</param>
public sealed record PruningPlan(ModelConfig Config, ImmutableSortedDictionary<int, ImmutableArray<int>> Kept, ImmutableArray<string> Notes);
