using Moiety.Models.Configuration;
using Moiety.Training.Losses;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Modules;

/// <summary>The last norm and the logits: cap * tanh(scale * (W x + b) / cap), each part where the model has it, and their loss.</summary>
internal sealed class OutputHead
{
    // Rows whose logits live at one time while the head is trained: 512 * vocabulary * 4 bytes stay near the cache.
    private const int Rows = 512;

    private readonly ModelConfig _config;
    private readonly Norm? _norm;
    private readonly Parameter? _projection;
    private readonly Parameter _words;
    private readonly Parameter? _bias;

    /// <summary>Declares the parameters.</summary>
    /// <param name="store">Where they live.</param>
    /// <param name="config">The model.</param>
    /// <param name="embedding">The embedding, which a tied head shares.</param>
    internal OutputHead(ParameterStore store, ModelConfig config, Parameter embedding)
    {
        _config = config;
        _norm = config.FinalNorm ? new Norm(store, config, TensorNames.FinalNorm, TensorNames.FinalNormBias) : null;
        int width = config.EmbeddingSize > 0 ? config.EmbeddingSize : config.HiddenSize;
        if (config.EmbeddingSize > 0)
        {
            _projection = store.Declare((TensorNames.HeadProjection, width, config.HiddenSize));
        }

        _words = config.TieWordEmbeddings ? embedding : store.Declare((TensorNames.Head, config.VocabularySize, width));
        if (config.HeadBias)
        {
            _bias = store.Declare((TensorNames.HeadBias, config.VocabularySize, 0));
        }
    }

    /// <summary>What the product with the words reads.</summary>
    /// <param name="residual">[rows, hidden] in F32.</param>
    /// <param name="pass">The forward pass.</param>
    /// <returns>[rows, width of the embedding] in F32.</returns>
    internal Tensor Input(Tensor residual, ForwardPass pass)
    {
        Tensor input = _norm is null ? residual : _norm.Forward(residual, ScalarType.Float32);
        return _projection is { } projection ? pass.Project(pass.Cast(input), projection).to(ScalarType.Float32) : input;
    }

    /// <summary>The logits.</summary>
    /// <param name="input">What <see cref="Input"/> gave.</param>
    /// <param name="pass">The forward pass.</param>
    internal Tensor Logits(Tensor input, ForwardPass pass)
    {
        Tensor logits = pass.Cast(input).mm(pass.Cast(_words.Value).t());
        logits = _bias is { } bias ? logits.Plus(pass.Cast(bias.Value)) : logits;
        logits = _config.LogitScale == 1 ? logits : logits.Times(_config.LogitScale);
        return _config.LogitSoftCap == 0 ? logits : logits.Times(1 / (double)_config.LogitSoftCap).tanh().Times(_config.LogitSoftCap);
    }

    /// <summary>The sum of the cross-entropy over all labels, without gradients.</summary>
    internal double CrossEntropySum(Tensor input, Tensor labels, ForwardPass pass)
    {
        double sum = 0;
        labels = labels.to(input.device);
        for (long row = 0; row < labels.shape[0]; row += Rows)
        {
            using DisposeScope chunk = NewDisposeScope();
            long rows = Math.Min(Rows, labels.shape[0] - row);
            sum += CrossEntropyLoss.Sum(Logits(input.narrow(0, row, rows), pass), labels.narrow(0, row, rows)).ToDouble();
        }

        return sum;
    }

    /// <summary>
    /// The head by hand, chunk by chunk: logits, loss, and both gradients while the chunk is in the cache. The gradients of the head's
    /// parameters go to their store, unless it is frozen.
    /// </summary>
    /// <param name="input">What <see cref="Input"/> gave, detached.</param>
    /// <param name="labels">[rows], int64: the right next tokens.</param>
    /// <param name="pass">The forward pass.</param>
    /// <param name="loss">What the logits are trained with.</param>
    /// <param name="scale">Factor of the gradients.</param>
    /// <returns>The sums of the losses, and the gradient of the input.</returns>
    internal (HeadLoss Sum, Tensor InputGradient) Train(Tensor input, Tensor labels, ForwardPass pass, IHeadLoss loss, double scale)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor weight = pass.Cast(_words.Value);
        Tensor? weightGradient = _words.Store.IsFrozen ? null : _words.Gradient;
        Tensor inputGradient = empty_like(input);
        HeadLoss sum = default;
        labels = labels.to(input.device);
        for (long row = 0; row < labels.shape[0]; row += Rows)
        {
            using DisposeScope chunk = NewDisposeScope();
            long rows = Math.Min(Rows, labels.shape[0] - row);
            Tensor part = pass.Cast(input.narrow(0, row, rows));
            Tensor logits = Logits(part, pass);
            Tensor? slope = Slope(logits);
            sum += loss.SumAndGradientInPlace(logits, labels.narrow(0, row, rows), row, scale);
            Tensor gradient = slope is null ? logits : logits * slope;
            inputGradient.narrow(0, row, rows).copy_(gradient.mm(weight));
            if (weightGradient is not null)
            {
                weightGradient.Accumulate(gradient.t().mm(part));
                _bias?.Gradient.Accumulate(gradient.sum(dim: 0L));
            }
        }

        return (sum, inputGradient.MoveToOuterDisposeScope());
    }

    // The derivative of the logits by W x + b: scale * (1 - (logit / cap)^2), or null for 1 everywhere.
    private Tensor? Slope(Tensor logits)
    {
        if (_config.LogitSoftCap == 0)
        {
            return _config.LogitScale == 1 ? null : ones_like(logits).Times(_config.LogitScale);
        }

        Tensor ratio = logits.Times(1 / (double)_config.LogitSoftCap);
        return ones_like(logits).Plus(ratio.square().neg()).Times(_config.LogitScale);
    }
}
