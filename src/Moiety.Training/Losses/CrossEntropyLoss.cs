using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>Next-token cross-entropy, -log p(label), in nats, computed in F32 from logits.</summary>
public static class CrossEntropyLoss
{
    /// <summary>The sum over rows, a scalar that gradients flow through.</summary>
    /// <param name="logits">[rows, vocabulary].</param>
    /// <param name="labels">[rows], token ids (int64).</param>
    public static Tensor Sum(Tensor logits, Tensor labels)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(labels);
        return nn.functional.cross_entropy(logits.to(ScalarType.Float32), labels, reduction: nn.Reduction.Sum);
    }

    /// <summary>
    /// The sum over rows and its gradient, softmax(logits) - onehot(labels), without a graph: the head's logits are the
    /// largest tensor of a training step, and this way they live only once.
    /// </summary>
    /// <param name="logits">[rows, vocabulary] in F32; holds the gradient times <paramref name="scale"/> afterwards.</param>
    /// <param name="labels">[rows], token ids (int64).</param>
    /// <param name="scale">Factor of the gradient, e.g. 1 / tokens of the step.</param>
    /// <returns>The sum of the losses, a scalar (unscaled).</returns>
    public static Tensor SumAndGradientInPlace(Tensor logits, Tensor labels, double scale)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(labels);
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor column = labels.unsqueeze(1);
        Tensor normalizer = logits.logsumexp(1, keepdim: true);
        Tensor sum = (normalizer - logits.gather(1, column)).sum();
        logits.sub_(normalizer).exp_().scatter_add_(1, column, full_like(column, -1, dtype: ScalarType.Float32)).mul_(scale);
        return sum.MoveToOuterDisposeScope();
    }
}
