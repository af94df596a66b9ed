using System.Collections.Immutable;

namespace Moiety.Evaluation.Routing;

/// <summary>How the router of one layer spread the tokens of a text over its experts.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Choices">[expert]: how often it was chosen.</param>
/// <param name="Weights">[expert]: the sum of the weights that its output had.</param>
public sealed record LayerRoutes(int Layer, ImmutableArray<long> Choices, ImmutableArray<double> Weights)
{
    /// <summary>Number of experts.</summary>
    public int ExpertCount => Choices.Length;

    /// <summary>All choices: tokens times the experts that each visits.</summary>
    public long Total => Choices.Sum();

    /// <summary>[expert]: share of the choices.</summary>
    public ImmutableArray<double> Loads => [.. Choices.Select(count => (double)count / Math.Max(1, Total))];

    /// <summary>[expert]: mean weight of its output where it was chosen; 0 where it never was.</summary>
    public ImmutableArray<double> MeanWeights => [.. Choices.Select((count, expert) => count > 0 ? Weights[expert] / count : 0)];

    /// <summary>Mean weight over all choices.</summary>
    public double MeanWeight => Weights.Sum() / Math.Max(1, Total);

    /// <summary>Entropy of the load over its largest possible value, log E: 1 when all experts are chosen equally often. 1 for a single expert.</summary>
    public double Evenness => ExpertCount == 1 ? 1 : -Loads.Where(load => load > 0).Sum(load => load * Math.Log(load)) / Math.Log(ExpertCount);

    /// <summary>The largest load over the mean one: 1 when all are equal, E when one expert takes all.</summary>
    public double Imbalance => Loads.Max() * ExpertCount;

    /// <summary>Experts that no token visited.</summary>
    public ImmutableArray<int> Dead => [.. Enumerable.Range(0, ExpertCount).Where(expert => Choices[expert] == 0)];

    /// <summary>What the choice of experts says about the tokens.</summary>
    public ImmutableArray<Specialization> Specializations { get; init; } = [];

    /// <summary>How often each expert was chosen for each <see cref="TokenKind"/>, or null when it was not counted.</summary>
    public Contingency? ByTokenKind { get; init; }
}
