namespace Moiety.Models.Experts;

/// <summary>How experts are averaged.</summary>
public sealed record MergeOptions
{
    /// <summary>
    /// Whether the inner units of an expert are put into the order in which they are most like those of the most used expert of its group,
    /// by a linear assignment (as M-SMoE does, arXiv 2310.01334). The order of units changes nothing in an expert, but much in an average.
    /// </summary>
    public bool Align { get; init; }

    /// <summary>Whether a new expert has the router row of its most used member; otherwise their average.</summary>
    public bool DominantRow { get; init; }
}
