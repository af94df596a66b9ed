using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>What makes the first rows of the residual stream from token ids, positions and token types.</summary>
internal sealed class EmbeddingWeights
{
    /// <summary>[vocabulary, embedding size].</summary>
    public required Matrix Tokens { get; init; }

    /// <summary>[hidden, embedding size] where the embedding is narrower or wider than the residual stream, else null.</summary>
    public required Matrix? Projection { get; init; }

    /// <summary>[positions, hidden], or null.</summary>
    public required Matrix? Positions { get; init; }

    /// <summary>[types, hidden], or null.</summary>
    public required Matrix? TokenTypes { get; init; }

    /// <summary>The norm of the sum, or null.</summary>
    public required Norm? Norm { get; init; }

    /// <summary>Finds the tensors.</summary>
    public static EmbeddingWeights Read(WeightReader reader)
    {
        ModelConfig config = reader.Config;
        int hidden = config.HiddenSize;
        int embedded = config.EmbeddingSize > 0 ? config.EmbeddingSize : hidden;
        return new EmbeddingWeights
        {
            Tokens = reader.Matrix(TensorNames.Embedding, config.VocabularySize, embedded),
            Projection = config.EmbeddingSize > 0 ? reader.Matrix(TensorNames.EmbeddingProjection, hidden, embedded) : null,
            Positions = config.LearnedPositions > 0 ? reader.Matrix(TensorNames.PositionEmbedding, config.LearnedPositions, hidden) : null,
            TokenTypes = config.TokenTypeCount > 0 ? reader.Matrix(TensorNames.TokenTypeEmbedding, config.TokenTypeCount, hidden) : null,
            Norm = config.EmbeddingNorm ? reader.Norm(TensorNames.EmbeddingNorm, TensorNames.EmbeddingNormBias) : null,
        };
    }
}
