namespace Moiety.Models.Configuration;

/// <summary>How router logits become weights of experts.</summary>
public enum GatingKind
{
    /// <summary>Softmax over all experts, then the best k. With normalization it equals a softmax over the best k alone.</summary>
    Softmax,

    /// <summary>A sigmoid for each expert, then the best k (DeepSeek-V3, arXiv 2412.19437).</summary>
    Sigmoid,

    /// <summary>SparseMixer at inference (Phi-3.5-MoE, arXiv 2409.12136): each of two choices has a softmax over the experts near its maximum.</summary>
    SparseMixer,

    /// <summary>
    /// Hash routing (Roller et al., arXiv 2106.04426): a fixed table (<see cref="TensorNames.ExpertTable"/>) gives each token id its expert,
    /// whose weight is 1. There is no router.
    /// </summary>
    Hash,
}
