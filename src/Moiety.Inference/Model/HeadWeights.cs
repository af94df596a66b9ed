using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>What makes logits from the residual stream.</summary>
internal sealed class HeadWeights
{
    /// <summary>[embedding size, hidden] where the embedding has another width than the residual stream, else null.</summary>
    public required Matrix? Projection { get; init; }

    /// <summary>[vocabulary, embedding size]; the embedding itself when tied.</summary>
    public required Matrix Words { get; init; }

    /// <summary>[vocabulary], or empty.</summary>
    public required float[] Bias { get; init; }

    /// <summary>Finds the tensors.</summary>
    public static HeadWeights Read(WeightReader reader, EmbeddingWeights embedding)
    {
        ModelConfig config = reader.Config;
        int embedded = embedding.Tokens.Columns;
        return new HeadWeights
        {
            Projection = config.EmbeddingSize > 0 ? reader.Matrix(TensorNames.HeadProjection, embedded, config.HiddenSize) : null,
            Words = config.TieWordEmbeddings ? embedding.Tokens : reader.Matrix(TensorNames.Head, config.VocabularySize, embedded),
            Bias = reader.Vector(config.HeadBias, TensorNames.HeadBias, config.VocabularySize),
        };
    }
}
