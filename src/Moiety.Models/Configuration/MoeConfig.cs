namespace Moiety.Models.Configuration;

/// <summary>The experts of one layer and how its router chooses among them.</summary>
public sealed record MoeConfig
{
    /// <summary>Number of experts, E.</summary>
    public required int ExpertCount { get; init; }

    /// <summary>Experts that each token visits, k.</summary>
    public required int TopK { get; init; }

    /// <summary>Inner width of one expert.</summary>
    public required int ExpertIntermediateSize { get; init; }

    /// <summary>
    /// Whether the weights of the chosen experts are divided by their sum. Mixtral does; top-1 must not, since the weight
    /// would be 1 and the router would get no gradient. Probabilities are always a softmax over all experts.
    /// </summary>
    public required bool NormalizeTopK { get; init; }

    /// <summary>
    /// Residual MoE (DeepSpeed-MoE, arXiv 2201.05596): y = c0(x) * experts(x) + c1(x) * mlp(x), with
    /// [c0, c1] = softmax(x Wc + bc) and the fixed MLP of <see cref="FeedForwardConfig.IntermediateSize"/>.
    /// </summary>
    public bool Residual { get; init; }
}
