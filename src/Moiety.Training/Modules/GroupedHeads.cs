using Moiety.Models.Configuration;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// Grouped-query heads (arXiv 2305.13245); query, key and value are one product. Biases, norms of queries and keys and a clamp where
/// the model has them.
/// </summary>
internal sealed class GroupedHeads : AttentionHeads
{
    private readonly ModelConfig _config;
    private readonly RotaryTable? _rotary;
    private readonly Parameter _queryKeyValue;
    private readonly Parameter? _bias;
    private readonly HeadNorm? _queryNorm;
    private readonly HeadNorm? _keyNorm;

    /// <summary>Declares the parameters of a layer.</summary>
    internal GroupedHeads(ParameterStore store, ModelConfig config, RotaryTable? rotary, int layer)
    {
        _config = config;
        _rotary = rotary;
        int queries = config.HeadCount * config.HeadSize;
        int keys = config.KeyValueHeadCount * config.HeadSize;
        _queryKeyValue = store.Declare(
            (TensorNames.Query(layer), queries, config.HiddenSize),
            (TensorNames.Key(layer), keys, config.HiddenSize),
            (TensorNames.Value(layer), keys, config.HiddenSize));
        if (config.Attention.QueryKeyValueBias)
        {
            _bias = store.Declare((TensorNames.QueryBias(layer), queries, 0), (TensorNames.KeyBias(layer), keys, 0), (TensorNames.ValueBias(layer), keys, 0));
        }

        if (config.Attention.QueryKeyNorm != QueryKeyNorm.None)
        {
            _queryNorm = new HeadNorm(store, config, TensorNames.QueryNorm(layer), config.HeadCount);
            _keyNorm = new HeadNorm(store, config, TensorNames.KeyNorm(layer), config.KeyValueHeadCount);
        }
    }

    /// <inheritdoc/>
    internal override (Tensor Queries, Tensor Keys, Tensor Values) Project(Tensor input, long batch, ForwardPass pass)
    {
        int groups = _config.KeyValueHeadCount;
        Tensor[] parts = ProjectTogether(input, batch, pass).split([_config.HeadCount, groups, groups], 2);
        return (parts[0].transpose(1, 2), Share(parts[1]), Share(parts[2]));
    }

    /// <summary>Queries, keys and values side by side.</summary>
    /// <param name="input">[batch * length, hidden], in the compute type.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="pass">The forward pass.</param>
    /// <returns>[batch, length, query heads + key heads + value heads, size], contiguous.</returns>
    internal Tensor ProjectTogether(Tensor input, long batch, ForwardPass pass)
    {
        long length = input.shape[0] / batch;
        int heads = _config.HeadCount;
        int groups = _config.KeyValueHeadCount;
        Tensor projected = pass.Project(input, _queryKeyValue, _bias).view(batch, length, heads + (2 * groups), _config.HeadSize);
        if (_queryNorm is not null)
        {
            Tensor[] unnormed = projected.split([heads, groups, groups], 2);
            projected = cat([_queryNorm.Forward(unnormed[0]), _keyNorm!.Forward(unnormed[1]), unnormed[2]], 2);
        }

        double clip = _config.Attention.ClipQueryKeyValue;
        projected = clip == 0 ? projected : projected.AtMost(clip).AtLeast(-clip);
        return (_rotary is null ? projected : _rotary.Rotate(projected, heads + groups)).contiguous();
    }

    // Every key-value head serves heads / groups neighboring query heads: [batch, length, groups, d] to [batch, heads, length, d].
    private Tensor Share(Tensor heads)
    {
        Tensor transposed = heads.transpose(1, 2);
        int sharers = _config.HeadCount / _config.KeyValueHeadCount;
        return sharers == 1 ? transposed : transposed.unsqueeze(2).expand(-1, -1, sharers, -1, -1).flatten(1, 2);
    }
}
