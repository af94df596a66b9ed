using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>The largest sizes over all layers, which one memory for all of them must have.</summary>
internal sealed class LayerSizes
{
    public LayerSizes(ModelConfig config)
    {
        foreach (FeedForwardConfig layer in config.FeedForwards)
        {
            Branches[0] = Math.Max(Branches[0], layer.IntermediateSize);
            Branches[1] = Math.Max(Branches[1], layer.Moe?.SharedIntermediateSize ?? 0);
            ExpertInner = Math.Max(ExpertInner, layer.Moe?.ExpertIntermediateSize ?? 0);
            TopK = Math.Max(TopK, layer.Moe?.TopK ?? 0);
            Experts = Math.Max(Experts, layer.Moe?.ExpertCount ?? 0);
        }
    }

    /// <summary>Inner width of the dense or fixed perceptron, and of the shared experts; 0 where no layer has one.</summary>
    public int[] Branches { get; } = new int[2];

    /// <summary>Inner width of an expert.</summary>
    public int ExpertInner { get; }

    /// <summary>Experts that a token visits.</summary>
    public int TopK { get; }

    /// <summary>Experts of a layer.</summary>
    public int Experts { get; }
}
