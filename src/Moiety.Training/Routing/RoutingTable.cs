namespace Moiety.Training.Routing;

/// <summary>
/// Which tokens visit which experts: the assignments of one layer, sorted by expert and, within one, by token, so that
/// the rows of an expert lie together. Dispatch gathers rows by <see cref="Tokens"/>, each expert multiplies its slice,
/// and the combination scatters back: data movement of tokens * k rows, whatever the number of experts.
/// </summary>
internal sealed class RoutingTable
{
    /// <summary>The token (row) of every kept assignment.</summary>
    internal required long[] Tokens { get; init; }

    /// <summary>token * experts + expert of every kept assignment: its place in the matrix of probabilities.</summary>
    internal required long[] ProbabilityIndices { get; init; }

    /// <summary>Number of kept assignments of every expert; the sum is the length of <see cref="Tokens"/>.</summary>
    internal required long[] KeptCounts { get; init; }

    /// <summary>Tokens that chose the expert first, before any drop: what the load-balancing loss looks at.</summary>
    internal required int[] FirstChoiceCounts { get; init; }

    /// <summary>Assignments to the expert before any drop.</summary>
    internal required int[] ChosenCounts { get; init; }

    /// <summary>Assignments that did not fit.</summary>
    internal required int Dropped { get; init; }
}
