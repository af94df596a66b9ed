using Moiety.Models.Configuration;
using Moiety.Training.Kernels;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>A norm on queries or keys, see <see cref="QueryKeyNorm"/>, computed in F32.</summary>
internal sealed class HeadNorm
{
    private readonly QueryKeyNorm _kind;
    private readonly float _epsilon;
    private readonly int _heads;
    private readonly int _headSize;
    private readonly Parameter _gain;

    /// <summary>Declares the gain.</summary>
    internal HeadNorm(ParameterStore store, ModelConfig config, string name, int heads)
    {
        _kind = config.Attention.QueryKeyNorm;
        _epsilon = config.NormEpsilon;
        _heads = heads;
        _headSize = config.HeadSize;
        _gain = store.Declare((name, _kind == QueryKeyNorm.PerHead ? _headSize : heads * _headSize, 0));
    }

    /// <summary>Normalizes heads.</summary>
    /// <param name="input">[batch, length, heads, head size].</param>
    /// <returns>The same shape and type.</returns>
    internal Tensor Forward(Tensor input)
    {
        Tensor single = input.to(ScalarType.Float32);
        Tensor result = _kind switch
        {
            QueryKeyNorm.PerHead => RmsNormFunction.Apply(single.contiguous(), _gain, _epsilon, ScalarType.Float32),
            QueryKeyNorm.Whole => RmsNormFunction.Apply(single.flatten(2).contiguous(), _gain, _epsilon, ScalarType.Float32).view(input.shape),
            QueryKeyNorm.PerHeadLayer => nn.functional.layer_norm(single, [_headSize], null, null, _epsilon) * _gain.Value.view(_heads, _headSize),
            _ => throw new InvalidOperationException($"{_kind} is no norm."),
        };
        return result.to(input.dtype);
    }
}
