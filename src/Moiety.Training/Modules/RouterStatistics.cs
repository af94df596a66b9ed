using System.Collections.Immutable;

namespace Moiety.Training.Modules;

/// <summary>What the router of one MoE layer did in a forward pass.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Load">Per expert, the number of assignments before drops.</param>
/// <param name="Dropped">Assignments beyond the capacity.</param>
public sealed record RouterStatistics(int Layer, ImmutableArray<int> Load, int Dropped)
{
    /// <summary>All assignments.</summary>
    public int Assignments => Load.Sum();
}
