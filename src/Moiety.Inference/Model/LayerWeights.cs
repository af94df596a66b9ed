using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>The tensors of one decoder layer.</summary>
internal sealed class LayerWeights
{
    /// <summary>[hidden].</summary>
    public required float[] AttentionNorm { get; init; }

    /// <summary>[heads * head size, hidden].</summary>
    public required Matrix Query { get; init; }

    /// <summary>[key-value heads * head size, hidden].</summary>
    public required Matrix Key { get; init; }

    /// <summary>[key-value heads * head size, hidden].</summary>
    public required Matrix Value { get; init; }

    /// <summary>[hidden, heads * head size].</summary>
    public required Matrix Output { get; init; }

    /// <summary>[hidden].</summary>
    public required float[] FeedForwardNorm { get; init; }

    /// <summary>The dense feed-forward, or the fixed MLP of a residual MoE; null when there are experts only.</summary>
    public GatedWeights? Dense { get; init; }

    /// <summary>The experts, or null in a dense layer.</summary>
    public MoeWeights? Moe { get; init; }
}
