using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>The projections of one layer's attention.</summary>
internal sealed class AttentionWeights
{
    /// <summary>[heads * head size, hidden].</summary>
    public required Matrix Query { get; init; }

    /// <summary>[key-value heads * head size, hidden].</summary>
    public required Matrix Key { get; init; }

    /// <summary>[key-value heads * head size, hidden].</summary>
    public required Matrix Value { get; init; }

    /// <summary>[hidden, heads * head size].</summary>
    public required Matrix Output { get; init; }

    /// <summary>Finds a layer's tensors.</summary>
    public static AttentionWeights Read(WeightReader reader, int layer)
    {
        ModelConfig config = reader.Config;
        int hidden = config.HiddenSize;
        int queries = config.HeadCount * config.HeadSize;
        int keys = config.KeyValueHeadCount * config.HeadSize;
        return new AttentionWeights
        {
            Query = reader.Matrix(TensorNames.Query(layer), queries, hidden),
            Key = reader.Matrix(TensorNames.Key(layer), keys, hidden),
            Value = reader.Matrix(TensorNames.Value(layer), keys, hidden),
            Output = reader.Matrix(TensorNames.AttentionOutput(layer), hidden, queries),
        };
    }
}
