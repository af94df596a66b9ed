namespace Moiety.Training;

/// <summary>Held-out loss of a model.</summary>
/// <param name="CrossEntropy">Mean cross-entropy per token in nats, with every token visiting all its experts.</param>
/// <param name="CrossEntropyWithDrops">The same with tokens dropped at the expert capacity; equal without MoE layers.</param>
/// <param name="Tokens">Tokens that were predicted.</param>
public sealed record EvaluationResult(double CrossEntropy, double CrossEntropyWithDrops, long Tokens)
{
    /// <summary>exp(cross-entropy).</summary>
    public double Perplexity => Math.Exp(CrossEntropy);

    /// <summary>exp(cross-entropy with drops).</summary>
    public double PerplexityWithDrops => Math.Exp(CrossEntropyWithDrops);
}
