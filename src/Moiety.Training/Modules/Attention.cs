using Moiety.Models.Configuration;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// Causal grouped-query self-attention (arXiv 2305.13245) with rotary positions; query, key and value are one product. Biases, norms
/// of queries and keys, and a window where the model has them.
/// </summary>
internal sealed class Attention
{
    private readonly ModelConfig _config;
    private readonly RotaryTable? _rotary;
    private readonly int _window;
    private readonly Parameter _queryKeyValue;
    private readonly Parameter? _queryKeyValueBias;
    private readonly HeadNorm? _queryNorm;
    private readonly HeadNorm? _keyNorm;
    private readonly Parameter _output;
    private readonly Parameter? _outputBias;

    /// <summary>Declares the parameters of a layer's attention.</summary>
    internal Attention(ParameterStore store, ModelConfig config, RotaryTable? rotary, int layer)
    {
        _config = config;
        _rotary = rotary;
        _window = config.AttentionOf(layer).Window;
        int queries = config.HeadCount * config.HeadSize;
        int keys = config.KeyValueHeadCount * config.HeadSize;
        _queryKeyValue = store.Declare(
            (TensorNames.Query(layer), queries, config.HiddenSize),
            (TensorNames.Key(layer), keys, config.HiddenSize),
            (TensorNames.Value(layer), keys, config.HiddenSize));
        if (config.Attention.QueryKeyValueBias)
        {
            _queryKeyValueBias = store.Declare((TensorNames.QueryBias(layer), queries, 0), (TensorNames.KeyBias(layer), keys, 0), (TensorNames.ValueBias(layer), keys, 0));
        }

        if (config.Attention.QueryKeyNorm != QueryKeyNorm.None)
        {
            _queryNorm = new HeadNorm(store, config, TensorNames.QueryNorm(layer), config.HeadCount);
            _keyNorm = new HeadNorm(store, config, TensorNames.KeyNorm(layer), config.KeyValueHeadCount);
        }

        _output = store.Declare((TensorNames.AttentionOutput(layer), config.HiddenSize, queries));
        if (config.Attention.OutputBias)
        {
            _outputBias = store.Declare((TensorNames.AttentionOutputBias(layer), config.HiddenSize, 0));
        }
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
        Tensor projected = pass.Project(input, _queryKeyValue, _queryKeyValueBias).view(batch, length, heads + (2 * groups), _config.HeadSize);
        if (_queryNorm is not null)
        {
            Tensor[] unnormed = projected.split([heads, groups, groups], 2);
            projected = cat([_queryNorm.Forward(unnormed[0]), _keyNorm!.Forward(unnormed[1]), unnormed[2]], 2);
        }

        Tensor turned = _rotary is null ? projected : _rotary.Rotate(projected, heads + groups);
        Tensor[] parts = turned.split([heads, groups, groups], 2);
        Tensor queries = _config.Attention.Scale is { } scale ? parts[0].Times(scale * Math.Sqrt(_config.HeadSize)) : parts[0];
        Tensor? mask = _window > 0 && _window < length ? Window(length, pass.AttentionMask) : pass.AttentionMask;
        Tensor mixed = nn.functional.scaled_dot_product_attention(
            queries.transpose(1, 2), Share(parts[1]), Share(parts[2]), mask, is_casual: mask is null);
        return pass.Project(mixed.transpose(1, 2).reshape(batch * length, heads * _config.HeadSize), _output, _outputBias);
    }

    // A position sees itself and the window - 1 before it.
    private Tensor Window(long length, Tensor? mask)
    {
        Tensor near = ones(length, length, dtype: ScalarType.Bool).tril(0).triu(1 - _window);
        return mask is null ? near : mask.logical_and(near);
    }

    // Every key-value head serves heads / groups neighboring query heads: [batch, length, groups, d] to [batch, heads, length, d].
    private Tensor Share(Tensor heads)
    {
        Tensor transposed = heads.transpose(1, 2);
        int sharers = _config.HeadCount / _config.KeyValueHeadCount;
        return sharers == 1 ? transposed : transposed.unsqueeze(2).expand(-1, -1, sharers, -1, -1).flatten(1, 2);
    }
}
