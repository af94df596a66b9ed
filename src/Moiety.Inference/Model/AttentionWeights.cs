using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>The tensors of one layer's attention.</summary>
internal sealed class AttentionWeights
{
    /// <summary>[heads * head size, hidden], or the compressed query's width instead of hidden in latent attention.</summary>
    public required Matrix Query { get; init; }

    /// <summary>[key-value heads * head size, hidden]; null in latent attention.</summary>
    public Matrix? Key { get; init; }

    /// <summary>[key-value heads * head size, hidden]; null in latent attention.</summary>
    public Matrix? Value { get; init; }

    /// <summary>The projections of latent attention, or null.</summary>
    public LatentWeights? Latent { get; init; }

    /// <summary>[heads * head size], or empty.</summary>
    public float[] QueryBias { get; init; } = [];

    /// <summary>[key-value heads * head size], or empty.</summary>
    public float[] KeyBias { get; init; } = [];

    /// <summary>[key-value heads * head size], or empty.</summary>
    public float[] ValueBias { get; init; } = [];

    /// <summary>[head size] or [heads * head size], or empty.</summary>
    public float[] QueryNorm { get; init; } = [];

    /// <summary>[head size] or [key-value heads * head size], or empty.</summary>
    public float[] KeyNorm { get; init; } = [];

    /// <summary>[heads], or empty.</summary>
    public float[] Sinks { get; init; } = [];

    /// <summary>[hidden, heads * value size].</summary>
    public required Matrix Output { get; init; }

    /// <summary>[hidden], or empty.</summary>
    public float[] OutputBias { get; init; } = [];

    /// <summary>Finds the tensors of a layer.</summary>
    /// <exception cref="InvalidCheckpointException">A tensor is missing, misshapen, or has NaN in it.</exception>
    public static AttentionWeights Read(WeightReader reader, int layer)
    {
        ModelConfig config = reader.Config;
        AttentionConfig attention = config.Attention;
        LatentAttentionConfig? latent = attention.Latent;
        int hidden = config.HiddenSize;
        int queries = config.HeadCount * config.HeadSize;
        int keys = config.KeyValueHeadCount * config.HeadSize;
        bool hasNorm = attention.QueryKeyNorm != QueryKeyNorm.None;
        bool sharesNorm = attention.QueryKeyNorm == QueryKeyNorm.PerHead;
        return new AttentionWeights
        {
            Query = reader.Matrix(TensorNames.Query(layer), queries, latent is { QueryRank: > 0 } ? latent.QueryRank : hidden),
            Key = latent is null ? reader.Matrix(TensorNames.Key(layer), keys, hidden) : null,
            Value = latent is null ? reader.Matrix(TensorNames.Value(layer), keys, hidden) : null,
            Latent = latent is null ? null : LatentWeights.Read(reader, layer, latent),
            QueryBias = reader.Vector(attention.QueryKeyValueBias, TensorNames.QueryBias(layer), queries),
            KeyBias = reader.Vector(attention.QueryKeyValueBias, TensorNames.KeyBias(layer), keys),
            ValueBias = reader.Vector(attention.QueryKeyValueBias, TensorNames.ValueBias(layer), keys),
            QueryNorm = reader.Vector(hasNorm, TensorNames.QueryNorm(layer), sharesNorm ? config.HeadSize : queries),
            KeyNorm = reader.Vector(hasNorm, TensorNames.KeyNorm(layer), sharesNorm ? config.HeadSize : keys),
            Sinks = reader.Vector(attention.Sinks, TensorNames.AttentionSinks(layer), config.HeadCount),
            Output = reader.Matrix(TensorNames.AttentionOutput(layer), hidden, config.HeadCount * (latent?.ValueHeadSize ?? config.HeadSize)),
            OutputBias = reader.Vector(attention.OutputBias, TensorNames.AttentionOutputBias(layer), hidden),
        };
    }
}
