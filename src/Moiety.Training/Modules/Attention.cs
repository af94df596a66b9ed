using Moiety.Models.Configuration;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>Causal grouped-query self-attention (arXiv 2305.13245) with rotary positions; query, key and value are one product.</summary>
internal sealed class Attention
{
    private readonly ModelConfig _config;
    private readonly RotaryTable _rotary;
    private readonly Parameter _queryKeyValue;
    private readonly Parameter _output;

    /// <summary>Declares the parameters of a layer's attention.</summary>
    internal Attention(ParameterStore store, ModelConfig config, RotaryTable rotary, int layer)
    {
        _config = config;
        _rotary = rotary;
        int queries = config.HeadCount * config.HeadSize;
        int keys = config.KeyValueHeadCount * config.HeadSize;
        _queryKeyValue = store.Declare(
            (TensorNames.Query(layer), queries, config.HiddenSize),
            (TensorNames.Key(layer), keys, config.HiddenSize),
            (TensorNames.Value(layer), keys, config.HiddenSize));
        _output = store.Declare((TensorNames.AttentionOutput(layer), config.HiddenSize, queries));
    }

    /// <summary>Attends within each sequence.</summary>
    /// <param name="input">[batch * length, hidden], normalized, in the compute type.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="pass">The forward pass.</param>
    /// <returns>[batch * length, hidden].</returns>
    internal Tensor Forward(Tensor input, long batch, ForwardPass pass)
    {
        long length = input.shape[0] / batch;
        int heads = _config.HeadCount;
        int groups = _config.KeyValueHeadCount;
        Tensor projected = pass.Project(input, _queryKeyValue).view(batch, length, heads + (2 * groups), _config.HeadSize);
        Tensor[] parts = _rotary.Rotate(projected, heads + groups).split([heads, groups, groups], 2);
        Tensor mixed = nn.functional.scaled_dot_product_attention(
            parts[0].transpose(1, 2), Share(parts[1]), Share(parts[2]), pass.AttentionMask, is_casual: pass.AttentionMask is null);
        return pass.Project(mixed.transpose(1, 2).reshape(batch * length, heads * _config.HeadSize), _output);
    }

    // Every key-value head serves heads / groups neighboring query heads: [batch, length, groups, d] to [batch, heads, length, d].
    private Tensor Share(Tensor heads)
    {
        Tensor transposed = heads.transpose(1, 2);
        int sharers = _config.HeadCount / _config.KeyValueHeadCount;
        return sharers == 1 ? transposed : transposed.unsqueeze(2).expand(-1, -1, sharers, -1, -1).flatten(1, 2);
    }
}
