using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>The tensors of one decoder layer. Which norms there are depends on the model's <see cref="NormPlacement"/>.</summary>
internal sealed class LayerWeights
{
    /// <summary>The norm of attention: before it, after the sum with it (<see cref="NormPlacement.Post"/>), or null.</summary>
    public required Norm? AttentionNorm { get; init; }

    /// <summary>The norm of attention's output, or null.</summary>
    public required Norm? AttentionOutputNorm { get; init; }

    public required AttentionWeights Attention { get; init; }

    /// <summary>The norm of the feed-forward: before it, after the sum with it (<see cref="NormPlacement.Post"/>), or null.</summary>
    public required Norm? FeedForwardNorm { get; init; }

    /// <summary>The norm of the feed-forward's output, or null.</summary>
    public required Norm? FeedForwardOutputNorm { get; init; }

    /// <summary>The dense feed-forward, or null in a layer of experts.</summary>
    public required BranchWeights? Dense { get; init; }

    /// <summary>The experts, or null in a dense layer.</summary>
    public required MoeWeights? Moe { get; init; }

    /// <summary>Finds a layer's tensors.</summary>
    public static LayerWeights Read(WeightReader reader, int layer)
    {
        ModelConfig config = reader.Config;
        NormPlacement placement = config.NormPlacement;
        bool outputNorms = placement is NormPlacement.Output or NormPlacement.Sandwich;
        bool feedForwardNorm = placement is not (NormPlacement.Output or NormPlacement.Parallel);
        FeedForwardConfig feedForward = config.FeedForwards[layer];
        return new LayerWeights
        {
            AttentionNorm = placement == NormPlacement.Output
                ? null : reader.Norm(TensorNames.AttentionNorm(layer), TensorNames.AttentionNormBias(layer)),
            AttentionOutputNorm = outputNorms ? reader.OutputNorm(TensorNames.AttentionOutputNorm(layer)) : null,
            Attention = AttentionWeights.Read(reader, layer),
            FeedForwardNorm = feedForwardNorm
                ? reader.Norm(TensorNames.FeedForwardNorm(layer), TensorNames.FeedForwardNormBias(layer)) : null,
            FeedForwardOutputNorm = outputNorms ? reader.OutputNorm(TensorNames.FeedForwardOutputNorm(layer)) : null,
            Dense = feedForward.Moe is null ? BranchWeights.ReadDense(reader, layer) : null,
            Moe = feedForward.Moe is null ? null : MoeWeights.Read(reader, layer),
        };
    }
}
