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
    /// would be 1 and the router would get no gradient.
    /// </summary>
    public required bool NormalizeTopK { get; init; }

    /// <summary>
    /// Residual MoE (DeepSpeed-MoE, arXiv 2201.05596): y = c0(x) * experts(x) + c1(x) * mlp(x), with
    /// [c0, c1] = softmax(x Wc + bc) and the fixed MLP of <see cref="FeedForwardConfig.IntermediateSize"/>.
    /// </summary>
    public bool Residual { get; init; }

    /// <summary>How router logits become weights.</summary>
    public GatingKind Gating { get; init; }

    /// <summary>
    /// SparseMixer: a logit is near the largest one when their distance, relative to the larger size of the two, is at most twice this
    /// (<c>router_jitter_noise</c>).
    /// </summary>
    public float SparseMixerJitter { get; init; } = 0.01f;

    /// <summary>Whether the router has a bias that counts in the weights (GPT-OSS).</summary>
    public bool RouterBias { get; init; }

    /// <summary>
    /// Whether a learned bias is added to the weights for the choice of experts only (balancing without an auxiliary loss, DeepSeek-V3).
    /// </summary>
    public bool SelectionBias { get; init; }

    /// <summary>Groups of neighboring experts in group-limited routing; 1 for none.</summary>
    public int GroupCount { get; init; } = 1;

    /// <summary>Groups that a token's experts may come from.</summary>
    public int GroupTopK { get; init; } = 1;

    /// <summary>How groups are ranked.</summary>
    public GroupScore GroupScore { get; init; }

    /// <summary>Factor of the experts' weights, after normalization (DeepSeek).</summary>
    public float WeightScale { get; init; } = 1;

    /// <summary>Whether the experts' projections have biases (GPT-OSS).</summary>
    public bool ExpertBias { get; init; }

    /// <summary>Inner width of the shared experts together, which every token visits and whose output is added; 0 for none.</summary>
    public int SharedIntermediateSize { get; init; }

    /// <summary>Whether the shared experts' output is multiplied by a sigmoid of a projection of the token (Qwen2-MoE).</summary>
    public bool SharedGate { get; init; }
}
