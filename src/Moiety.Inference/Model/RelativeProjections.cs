using Moiety.Models.Configuration;
using Moiety.Numerics;

namespace Moiety.Inference.Model;

/// <summary>What projects relative positions in one layer: projections of their own, or those of the contents.</summary>
internal sealed class RelativeProjections
{
    /// <summary>[heads * head size, hidden], or null when queries do not meet positions.</summary>
    public required Matrix? Key { get; init; }

    /// <summary>[heads * head size].</summary>
    public required float[] KeyBias { get; init; }

    /// <summary>[heads * head size, hidden], or null when keys do not meet positions.</summary>
    public required Matrix? Query { get; init; }

    /// <summary>[heads * head size].</summary>
    public required float[] QueryBias { get; init; }

    /// <summary>Finds a layer's tensors.</summary>
    public static RelativeProjections Read(WeightReader reader, DisentangledAttentionConfig config, int layer)
    {
        int hidden = reader.Config.HiddenSize;
        int width = reader.Config.HeadCount * reader.Config.HeadSize;
        (string key, string keyBias, string query, string queryBias) = config.SharedProjections
            ? (TensorNames.Key(layer), TensorNames.KeyBias(layer), TensorNames.Query(layer), TensorNames.QueryBias(layer))
            : (TensorNames.RelativeKey(layer), TensorNames.RelativeKeyBias(layer), TensorNames.RelativeQuery(layer), TensorNames.RelativeQueryBias(layer));
        bool biased = !config.SharedProjections || reader.Config.Attention.QueryKeyValueBias;
        return new RelativeProjections
        {
            Key = config.ContentToPosition ? reader.Matrix(key, width, hidden) : null,
            KeyBias = config.ContentToPosition && biased ? reader.Vector(keyBias, width) : new float[width],
            Query = config.PositionToContent ? reader.Matrix(query, width, hidden) : null,
            QueryBias = config.PositionToContent && biased ? reader.Vector(queryBias, width) : new float[width],
        };
    }
}
