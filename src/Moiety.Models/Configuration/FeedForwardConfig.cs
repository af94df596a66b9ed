namespace Moiety.Models.Configuration;

/// <summary>The feed-forward of one layer: dense, Mixture-of-Experts, or both (residual MoE).</summary>
public sealed record FeedForwardConfig
{
    /// <summary>The non-linearity of the dense branch and of every expert.</summary>
    public Activation Activation { get; init; } = Activation.SiluGated;

    /// <summary>
    /// Inner width of the dense branch. In a residual MoE it is the fixed MLP beside the experts. 0 when the layer has
    /// experts only.
    /// </summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Whether the projections of the dense branch have biases (GPT-2, Phi-2).</summary>
    public bool Bias { get; init; }

    /// <summary>The experts, or null in a dense layer.</summary>
    public MoeConfig? Moe { get; init; }
}
