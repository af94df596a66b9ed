using Moiety.Models.Configuration;
using Moiety.Training.Kernels;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// A norm of the residual stream, computed in F32: RMSNorm (arXiv 1910.07467), y = x / sqrt(mean(x^2) + eps) * g, or layer
/// normalization (arXiv 1607.06450), y = (x - mean(x)) / sqrt(variance(x) + eps) * g + b, with the parameters that the model's kind has.
/// </summary>
internal sealed class Norm
{
    private readonly NormKind _kind;
    private readonly float _epsilon;
    private readonly int _size;
    private readonly Parameter _gain;
    private readonly Parameter _bias;

    /// <summary>Declares the parameters that the model's kind of norm has.</summary>
    internal Norm(ParameterStore store, ModelConfig config, string gain, string bias)
    {
        _kind = config.Norm;
        _epsilon = config.NormEpsilon;
        _size = config.HiddenSize;
        if (_kind != NormKind.LayerWithoutParameters)
        {
            _gain = store.Declare((gain, _size, 0));
        }

        if (_kind == NormKind.Layer)
        {
            _bias = store.Declare((bias, _size, 0));
        }
    }

    /// <summary>Normalizes rows.</summary>
    /// <param name="input">[rows, size] in F32.</param>
    /// <param name="type">Type of the result.</param>
    internal Tensor Forward(Tensor input, ScalarType type)
    {
        if (_kind == NormKind.Rms)
        {
            return RmsNormFunction.Apply(input, _gain, _epsilon, type);
        }

        Tensor? gain = _kind == NormKind.LayerWithoutParameters ? null : _gain.Value;
        Tensor? bias = _kind == NormKind.Layer ? _bias.Value : null;
        return nn.functional.layer_norm(input, [_size], gain, bias, _epsilon).to(type);
    }
}
