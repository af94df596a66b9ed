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

    /// <summary>Standard deviation of the load over its mean: 0 when all experts are chosen equally often.</summary>
    public double CoefficientOfVariation => Math.Sqrt(Loads.Average(load => Math.Pow((load * ExpertCount) - 1, 2)));

    /// <summary>Experts that each token visits.</summary>
    public int TopK { get; init; } = 1;

    /// <summary>
    /// [expert]: sum over the tokens that chose it of the weight times the Euclidean length of its output: how much it adds to the residual
    /// stream in all. Empty when it was not measured.
    /// </summary>
    public ImmutableArray<double> Contributions { get; init; } = [];

    /// <summary>
    /// [expert]: the same in the mean over the tokens that chose it, by which REAP ranks experts (arXiv 2510.13999); 0 where it never was.
    /// </summary>
    public ImmutableArray<double> Saliencies => [.. Contributions.Select((sum, expert) => Choices[expert] > 0 ? sum / Choices[expert] : 0)];

    /// <summary>Mean entropy of the router's distribution over all experts for a token, in nats: at most ln E.</summary>
    public double RouterEntropy { get; init; }

    /// <summary>The choices batch by batch, for <see cref="DropRate"/>.</summary>
    public ImmutableArray<BatchLoad> Batches { get; init; } = [];

    /// <summary>
    /// Share of the choices that would be dropped if each expert took at most factor * k * tokens / E choices of a batch, rounded up
    /// (DeepSpeed-MoE, arXiv 2201.05596). Moiety's engine drops none; a trainer may.
    /// </summary>
    /// <param name="factor">The capacity factor, above 0.</param>
    public double DropRate(double factor)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(factor);
        long dropped = Batches.Sum(batch =>
        {
            long capacity = (long)Math.Ceiling(factor * TopK * batch.Tokens / ExpertCount);
            return batch.Choices.Sum(count => Math.Max(0, count - capacity));
        });
        return (double)dropped / Math.Max(1, Total);
    }

    /// <summary>Experts that no token visited.</summary>
    public ImmutableArray<int> Dead => [.. Enumerable.Range(0, ExpertCount).Where(expert => Choices[expert] == 0)];

    /// <summary>What the choice of experts says about the tokens.</summary>
    public ImmutableArray<Specialization> Specializations { get; init; } = [];

    /// <summary>How often each expert was chosen for each <see cref="TokenKind"/>, or null when it was not counted.</summary>
    public Contingency? ByTokenKind { get; init; }
}
