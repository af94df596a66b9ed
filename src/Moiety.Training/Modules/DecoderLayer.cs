using Moiety.Models.Configuration;
using Moiety.Training.Routing;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// One layer: attention and feed-forward (dense or Mixture-of-Experts) read the residual stream and join it, one after the other or
/// side by side, with the norms where the model's <see cref="NormPlacement"/> has them.
/// </summary>
internal sealed class DecoderLayer
{
    private readonly NormPlacement _placement;
    private readonly float _residualScale;
    private readonly Norm? _attentionNorm;
    private readonly Attention _attention;
    private readonly Norm? _attentionOutputNorm;
    private readonly Norm? _feedForwardNorm;
    private readonly Perceptron? _dense;
    private readonly MixtureOfExperts? _experts;
    private readonly Norm? _feedForwardOutputNorm;

    /// <summary>Declares the parameters of a layer.</summary>
    internal DecoderLayer(ParameterStore store, ModelConfig config, RotaryTable? rotary, int layer, GateOptions? gate)
    {
        FeedForwardConfig feedForward = config.FeedForwards[layer];
        _placement = config.NormPlacement;
        _residualScale = config.ResidualScale;
        bool outputNorms = _placement is NormPlacement.Output or NormPlacement.Sandwich;
        if (_placement != NormPlacement.Output)
        {
            _attentionNorm = new Norm(store, config, TensorNames.AttentionNorm(layer), TensorNames.AttentionNormBias(layer));
        }

        _attention = new Attention(store, config, rotary, layer);
        if (outputNorms)
        {
            _attentionOutputNorm = new Norm(store, config, TensorNames.AttentionOutputNorm(layer), "");
        }

        if (_placement is not (NormPlacement.Output or NormPlacement.Parallel))
        {
            _feedForwardNorm = new Norm(store, config, TensorNames.FeedForwardNorm(layer), TensorNames.FeedForwardNormBias(layer));
        }

        if (feedForward.Moe is null)
        {
            string[] biases = [TensorNames.GateBias(layer), TensorNames.UpBias(layer), TensorNames.DownBias(layer)];
            _dense = new Perceptron(
                store, feedForward.Activation, (TensorNames.Gate(layer), TensorNames.Up(layer), TensorNames.Down(layer)), feedForward.Bias ? biases : [],
                config.HiddenSize, feedForward.IntermediateSize);
        }
        else
        {
            _experts = new MixtureOfExperts(store, feedForward, config.HiddenSize, layer, gate, config.VocabularySize);
        }

        if (outputNorms)
        {
            _feedForwardOutputNorm = new Norm(store, config, TensorNames.FeedForwardOutputNorm(layer), "");
        }
    }

    /// <summary>Applies the layer.</summary>
    /// <param name="residual">[batch * length, hidden] in F32.</param>
    /// <param name="batch">Sequences.</param>
    /// <param name="pass">The forward pass.</param>
    internal Tensor Forward(Tensor residual, long batch, ForwardPass pass)
    {
        bool post = _placement == NormPlacement.Post;
        Tensor attended = _attention.Forward(Normalize(post ? null : _attentionNorm, residual, pass.ComputeType), batch, pass);
        if (_placement is NormPlacement.Parallel or NormPlacement.ParallelTwoNorms)
        {
            Tensor fed = FeedForward(_feedForwardNorm ?? _attentionNorm, residual, pass);
            return residual.Plus(Scale(attended)).Plus(Scale(fed));
        }

        residual = Join(residual, attended, _attentionOutputNorm, post ? _attentionNorm : null);
        return Join(residual, FeedForward(post ? null : _feedForwardNorm, residual, pass), _feedForwardOutputNorm, post ? _feedForwardNorm : null);
    }

    /// <summary>What the layer's gate starts with.</summary>
    internal void InitializeGate(GateStart start) => _experts?.InitializeGate(start);

    /// <summary>What the layer's gate does between optimizer steps.</summary>
    internal void AfterStep() => _experts?.AfterStep();

    private static Tensor Normalize(Norm? norm, Tensor residual, ScalarType type) => norm is null ? residual.to(type) : norm.Forward(residual, type);

    private Tensor FeedForward(Norm? norm, Tensor residual, ForwardPass pass)
    {
        if (_dense is not null)
        {
            return _dense.Forward(Normalize(norm, residual, pass.ComputeType), pass);
        }

        Tensor normalized = Normalize(norm, residual, ScalarType.Float32);
        return _experts!.Forward(normalized, pass.Cast(normalized), pass);
    }

    private Tensor Join(Tensor residual, Tensor output, Norm? outputNorm, Norm? sumNorm)
    {
        Tensor joined = residual.Plus(Scale(outputNorm is null ? output : outputNorm.Forward(output.to(ScalarType.Float32), ScalarType.Float32)));
        return sumNorm is null ? joined : sumNorm.Forward(joined, ScalarType.Float32);
    }

    private Tensor Scale(Tensor output) => _residualScale == 1 ? output : output.Times(_residualScale);
}
