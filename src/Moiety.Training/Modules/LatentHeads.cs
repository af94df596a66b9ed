using Moiety.Models.Configuration;
using Moiety.Training.Kernels;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// Heads of latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1): keys and values are projected up from one compressed row per
/// token; a part of each key, the same for all heads, carries the position.
/// </summary>
internal sealed class LatentHeads : AttentionHeads
{
    private readonly ModelConfig _config;
    private readonly LatentAttentionConfig _latent;
    private readonly RotaryTable? _rotary;
    private readonly Parameter? _queryDown;
    private readonly Parameter? _queryDownNorm;
    private readonly Parameter _query;
    private readonly Parameter _down;
    private readonly Parameter _downNorm;
    private readonly Parameter _up;

    /// <summary>Declares the parameters of a layer.</summary>
    internal LatentHeads(ParameterStore store, ModelConfig config, LatentAttentionConfig latent, RotaryTable? rotary, int layer)
    {
        _config = config;
        _latent = latent;
        _rotary = rotary;
        int hidden = config.HiddenSize;
        if (latent.QueryRank > 0)
        {
            _queryDown = store.Declare((TensorNames.QueryDown(layer), latent.QueryRank, hidden));
            _queryDownNorm = store.Declare((TensorNames.QueryDownNorm(layer), latent.QueryRank, 0));
        }

        _query = store.Declare((TensorNames.Query(layer), config.HeadCount * config.HeadSize, latent.QueryRank > 0 ? latent.QueryRank : hidden));
        _down = store.Declare((TensorNames.KeyValueDown(layer), latent.KeyValueRank + latent.RotaryHeadSize, hidden));
        _downNorm = store.Declare((TensorNames.KeyValueDownNorm(layer), latent.KeyValueRank, 0));
        _up = store.Declare((TensorNames.KeyValueUp(layer), config.HeadCount * (latent.PlainHeadSize + latent.ValueHeadSize), latent.KeyValueRank));
    }

    /// <inheritdoc/>
    internal override (Tensor Queries, Tensor Keys, Tensor Values) Project(Tensor input, long batch, ForwardPass pass)
    {
        long length = input.shape[0] / batch;
        int heads = _config.HeadCount;
        int plain = _latent.PlainHeadSize;
        int turned = _latent.RotaryHeadSize;
        Tensor reduced = _queryDown is { } queryDown ? Normalize(pass.Project(input, queryDown), _queryDownNorm!.Value, pass) : input;
        Tensor queries = pass.Project(reduced, _query).view(batch, length, heads, plain + turned);
        Tensor down = pass.Project(input, _down);
        Tensor compressed = Normalize(down.narrow(1, 0, _latent.KeyValueRank), _downNorm, pass);
        Tensor up = pass.Project(compressed, _up).view(batch, length, heads, plain + _latent.ValueHeadSize);
        Tensor position = Turn(down.narrow(1, _latent.KeyValueRank, turned).contiguous().view(batch, length, 1, turned), 1);
        queries = cat([queries.narrow(3, 0, plain), Turn(queries.narrow(3, plain, turned).contiguous(), heads)], 3);
        Tensor keys = cat([up.narrow(3, 0, plain), position.expand(-1, -1, heads, -1)], 3);
        return (queries.transpose(1, 2), keys.transpose(1, 2), up.narrow(3, plain, _latent.ValueHeadSize).transpose(1, 2));
    }

    private Tensor Turn(Tensor heads, int count) => _rotary is null ? heads : _rotary.Rotate(heads, count);

    private Tensor Normalize(Tensor rows, Parameter gain, ForwardPass pass) =>
        RmsNormFunction.Apply(rows.to(ScalarType.Float32).contiguous(), gain, _config.NormEpsilon, pass.ComputeType);
}
