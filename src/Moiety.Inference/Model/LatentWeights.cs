using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>The projections of latent attention (arXiv 2405.04434) that stand around the small vectors.</summary>
internal sealed class LatentWeights
{
    /// <summary>[query rank, hidden]; null when queries are projected directly.</summary>
    public Matrix? QueryDown { get; init; }

    /// <summary>[query rank], or empty.</summary>
    public float[] QueryDownNorm { get; init; } = [];

    /// <summary>[key-value rank + rotary head size, hidden].</summary>
    public required Matrix KeyValueDown { get; init; }

    /// <summary>[key-value rank].</summary>
    public required float[] KeyValueDownNorm { get; init; }

    /// <summary>[heads * (plain head size + value head size), key-value rank]: of each head its key rows, then its value rows.</summary>
    public required Matrix KeyValueUp { get; init; }

    /// <summary>Finds the tensors of a layer.</summary>
    /// <exception cref="InvalidCheckpointException">A tensor is missing, misshapen, or has NaN in it.</exception>
    public static LatentWeights Read(WeightReader reader, int layer, LatentAttentionConfig latent)
    {
        ModelConfig config = reader.Config;
        int rank = latent.KeyValueRank;
        bool compressed = latent.QueryRank > 0;
        return new LatentWeights
        {
            QueryDown = compressed ? reader.Matrix(TensorNames.QueryDown(layer), latent.QueryRank, config.HiddenSize) : null,
            QueryDownNorm = reader.Vector(compressed, TensorNames.QueryDownNorm(layer), latent.QueryRank),
            KeyValueDown = reader.Matrix(TensorNames.KeyValueDown(layer), rank + latent.RotaryHeadSize, config.HiddenSize),
            KeyValueDownNorm = reader.Vector(TensorNames.KeyValueDownNorm(layer), rank),
            KeyValueUp = reader.Matrix(TensorNames.KeyValueUp(layer), config.HeadCount * (latent.PlainHeadSize + latent.ValueHeadSize), rank),
        };
    }
}
