using Moiety.Models.Configuration;
using Moiety.Training.Kernels;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>
/// Causal self-attention of one layer. Grouped-query heads go through <see cref="AttentionFunction"/>, latent ones and those on other
/// devices through libtorch's fused product; scores that neither computes (soft caps, ALiBi, sinks) are computed step by step.
/// </summary>
internal sealed class Attention
{
    private readonly ModelConfig _config;
    private readonly AttentionConfig _attention;
    private readonly int _window;
    private readonly AttentionHeads _heads;
    private readonly Parameter? _sinks;
    private readonly Parameter _output;
    private readonly Parameter? _outputBias;

    /// <summary>Declares the parameters of a layer's attention.</summary>
    internal Attention(ParameterStore store, ModelConfig config, RotaryTable? rotary, int layer)
    {
        _config = config;
        _attention = config.Attention;
        _window = config.AttentionOf(layer).Window;
        _heads = _attention.Latent is { } latent
            ? new LatentHeads(store, config, latent, rotary, layer)
            : new GroupedHeads(store, config, rotary, layer);
        if (_attention.Sinks)
        {
            _sinks = store.Declare((TensorNames.AttentionSinks(layer), config.HeadCount, 0));
        }

        _output = store.Declare((TensorNames.AttentionOutput(layer), config.HiddenSize, config.HeadCount * (_attention.Latent?.ValueHeadSize ?? config.HeadSize)));
        if (_attention.OutputBias)
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
        bool stepwise = _attention.LogitSoftCap > 0 || _attention.AlibiMaxBias > 0 || _attention.Sinks;
        if (_heads is GroupedHeads grouped && !stepwise && _output.Store.Device.UsesKernels)
        {
            Tensor attended = AttentionFunction.Apply(
                grouped.ProjectTogether(input, batch, pass), _config.HeadCount, pass.FirstVisible(batch, length, _window), (float)(_attention.Scale ?? 1 / Math.Sqrt(_config.HeadSize)));
            return pass.Project(attended.view(batch * length, -1), _output, _outputBias);
        }

        (Tensor queries, Tensor keys, Tensor values) = _heads.Project(input, batch, pass);
        Tensor? mask = pass.AttentionMask(batch, length, _window, input.device);
        Tensor mixed = stepwise
            ? MixStepwise(queries, keys, values, mask ?? ones(length, length, dtype: ScalarType.Bool, device: input.device).tril(0))
            : nn.functional.scaled_dot_product_attention(Scaled(queries), keys, values, mask, is_casual: mask is null);
        return pass.Project(mixed.transpose(1, 2).reshape(batch * length, -1), _output, _outputBias);
    }

    // The fused product divides by the root of the head size.
    private Tensor Scaled(Tensor queries) => _attention.Scale is { } scale ? queries.Times(scale * Math.Sqrt(_config.HeadSize)) : queries;

    private Tensor MixStepwise(Tensor queries, Tensor keys, Tensor values, Tensor mask)
    {
        Tensor scores = queries.matmul(keys.transpose(2, 3)).to(ScalarType.Float32).Times(_attention.Scale ?? 1 / Math.Sqrt(_config.HeadSize));
        double cap = _attention.LogitSoftCap;
        scores = cap == 0 ? scores : scores.Times(1 / cap).tanh().Times(cap);
        scores = _attention.AlibiMaxBias == 0 ? scores : scores.Plus(DistanceBias(scores.shape[3]).to(scores.device));

        // The logarithm of 1 and 0 leaves a score as it is, or hides it.
        scores = scores.Plus(mask.to(ScalarType.Float32).log());
        if (_sinks is { } sinks)
        {
            Tensor sink = sinks.Value.view(1, -1, 1, 1).expand(scores.shape[0], -1, scores.shape[2], 1);
            return cat([scores, sink], 3).softmax(3).narrow(3, 0, scores.shape[3]).to(values.dtype).matmul(values);
        }

        return scores.softmax(3).to(values.dtype).matmul(values);
    }

    // ALiBi (arXiv 2108.12409): [heads, length, length]; a head beyond the largest power of two takes every second slope of twice as many.
    private Tensor DistanceBias(long length)
    {
        int heads = _config.HeadCount;
        int power = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)heads + 1) / 2;
        float[] bias = new float[heads * length * length];
        for (int head = 0; head < heads; head++)
        {
            double exponent = head < power ? head + 1 : head - power + 0.5;
            double slope = Math.Pow(2, -_attention.AlibiMaxBias * exponent / power);
            for (long pair = 0; pair < length * length; pair++)
            {
                bias[(head * length * length) + pair] = (float)(slope * ((pair % length) - (pair / length)));
            }
        }

        return tensor(bias).view(heads, length, length);
    }
}
