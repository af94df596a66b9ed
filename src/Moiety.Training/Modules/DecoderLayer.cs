using Moiety.Models.Configuration;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>One pre-norm layer: x + attention(norm(x)), then x + feed-forward(norm(x)), dense or Mixture-of-Experts.</summary>
internal sealed class DecoderLayer
{
    private readonly RmsNorm _attentionNorm;
    private readonly Attention _attention;
    private readonly RmsNorm _feedForwardNorm;
    private readonly SwiGlu? _dense;
    private readonly MixtureOfExperts? _experts;

    /// <summary>Declares the parameters of a layer.</summary>
    internal DecoderLayer(ParameterStore store, ModelConfig config, RotaryTable rotary, int layer)
    {
        FeedForwardConfig feedForward = config.FeedForwards[layer];
        _attentionNorm = new RmsNorm(store, TensorNames.AttentionNorm(layer), config.HiddenSize, config.NormEpsilon);
        _attention = new Attention(store, config, rotary, layer);
        _feedForwardNorm = new RmsNorm(store, TensorNames.FeedForwardNorm(layer), config.HiddenSize, config.NormEpsilon);
        if (feedForward.Moe is null)
        {
            _dense = new SwiGlu(store, TensorNames.Gate(layer), TensorNames.Up(layer), TensorNames.Down(layer), config.HiddenSize, feedForward.IntermediateSize);
        }
        else
        {
            _experts = new MixtureOfExperts(store, feedForward, config.HiddenSize, layer);
        }
    }

    /// <summary>Applies the layer.</summary>
    /// <param name="residual">[batch * length, hidden] in F32.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="pass">The forward pass.</param>
    internal Tensor Forward(Tensor residual, long batch, ForwardPass pass)
    {
        residual = residual.Plus(_attention.Forward(_attentionNorm.Forward(residual, pass.ComputeType), batch, pass));
        if (_dense is not null)
        {
            return residual.Plus(_dense.Forward(_feedForwardNorm.Forward(residual, pass.ComputeType), pass));
        }

        Tensor normalized = _feedForwardNorm.Forward(residual, ScalarType.Float32);
        return residual.Plus(_experts!.Forward(normalized, pass.Cast(normalized), pass));
    }
}
