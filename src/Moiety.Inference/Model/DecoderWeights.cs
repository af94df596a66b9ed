using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Inference.Model;

/// <summary>All tensors of a decoder, found by their canonical names and checked against the configuration.</summary>
internal sealed class DecoderWeights
{
    /// <param name="checkpoint">Where the tensors are.</param>
    /// <param name="verify">Whether to look for values that are not finite.</param>
    /// <param name="contextLength">Longest sequence that the engine takes.</param>
    public DecoderWeights(Checkpoint checkpoint, bool verify, int contextLength)
    {
        ModelConfig config = checkpoint.Config;
        WeightReader reader = new(checkpoint, verify);
        Embedding = EmbeddingWeights.Read(reader);
        RelativePositions = RelativePositions.Read(reader, contextLength);
        Convolution = EmbeddingConvolution.Read(reader);
        Layers = [.. Enumerable.Range(0, config.LayerCount).Select(layer => LayerWeights.Read(reader, layer))];
        FinalNorm = config.FinalNorm ? reader.Norm(TensorNames.FinalNorm, TensorNames.FinalNormBias) : null;
        Head = config.IsEncoder ? null : HeadWeights.Read(reader, Embedding);
    }

    public EmbeddingWeights Embedding { get; }

    /// <summary>What scores gain by distance.</summary>
    public RelativePositions RelativePositions { get; }

    /// <summary>What joins the residual stream after the first layer, or null.</summary>
    public EmbeddingConvolution? Convolution { get; }

    public LayerWeights[] Layers { get; }

    /// <summary>The norm after the last layer, or null.</summary>
    public Norm? FinalNorm { get; }

    /// <summary>The output head; null in an encoder.</summary>
    public HeadWeights? Head { get; }
}
