using System.Collections.Immutable;

namespace Moiety.Training;

/// <summary>How evenly the router of one layer spreads tokens.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Shares">Per expert, its share of the assignments before drops; the sum is 1.</param>
/// <param name="Dropped">Share of the assignments beyond the capacity.</param>
public sealed record RouterLoad(int Layer, ImmutableArray<double> Shares, double Dropped);
