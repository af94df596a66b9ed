using System.Collections.Immutable;

namespace Moiety.Evaluation.Routing;

/// <summary>How the router of one matrix of an adapter spread the tokens of a text over its experts.</summary>
/// <param name="Module">The matrix's module.</param>
/// <param name="Choices">[expert]: how often it was chosen.</param>
/// <param name="Specializations">What the choice of experts says about the documents.</param>
public sealed record AdapterRoutes(string Module, ImmutableArray<long> Choices, ImmutableArray<Specialization> Specializations)
{
    /// <summary>[expert]: share of the choices.</summary>
    public ImmutableArray<double> Loads => [.. Choices.Select(count => (double)count / Math.Max(1, Choices.Sum()))];

    /// <summary>The largest load over the mean one: 1 when all are equal, E when one expert takes all.</summary>
    public double Imbalance => Loads.Max() * Choices.Length;

    /// <summary>Experts that no token visited.</summary>
    public int Dead => Choices.Count(count => count == 0);
}
