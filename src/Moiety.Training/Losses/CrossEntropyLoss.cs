using System.Runtime.Intrinsics;
using Moiety.Training.Kernels;
using Moiety.Training.Modules;
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
    /// <param name="logits">[rows, vocabulary] in F32 or BF16; holds the gradient times <paramref name="scale"/> afterwards.</param>
    /// <param name="labels">[rows], token ids (int64).</param>
    /// <param name="scale">Factor of the gradient, e.g. 1 / tokens of the step.</param>
    /// <returns>The sum of the losses (unscaled).</returns>
    public static double SumAndGradientInPlace(Tensor logits, Tensor labels, double scale)
    {
        ArgumentNullException.ThrowIfNull(logits);
        ArgumentNullException.ThrowIfNull(labels);
        if (logits.device_type != DeviceType.CPU)
        {
            return ByOperations(logits, labels, scale);
        }

        return logits.dtype == ScalarType.BFloat16
            ? SumAndGradientInPlace<ushort, Bfloat16Element>(logits, labels, (float)scale)
            : SumAndGradientInPlace<float, Float32Element>(logits, labels, (float)scale);
    }

    /// <summary><see cref="SumAndGradientInPlace(Tensor, Tensor, double)"/> by libtorch's operations, on any device.</summary>
    internal static double ByOperations(Tensor logits, Tensor labels, double scale)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor logarithms = logits.to(ScalarType.Float32).log_softmax(1);
        Tensor index = labels.unsqueeze(1);
        double sum = -logarithms.gather(1, index).sum(type: ScalarType.Float64).ToDouble();
        Tensor gradient = logarithms.exp();
        gradient.scatter_add_(1, index, ones_like(index, dtype: ScalarType.Float32).neg());
        logits.copy_(gradient.Times(scale));
        return sum;
    }

    private static double SumAndGradientInPlace<T, TElement>(Tensor logits, Tensor labels, float scale)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<T> rows = new(logits);
        TensorRows<long> targets = new(labels);
        double[] sums = new double[RowBlocks.Count(rows.Count)];
        RowBlocks.For(rows.Count, (block, first, end) =>
        {
            float[] exponentials = new float[rows[0].Length];
            for (int row = first; row < end; row++)
            {
                sums[block] += Row<T, TElement>(rows[row], checked((int)targets[0][row]), scale, exponentials);
            }
        });
        return sums.Sum();
    }

    private static double Row<T, TElement>(Span<T> logits, int label, float scale, Span<float> exponentials)
        where T : unmanaged
        where TElement : IElement<T>
    {
        Vector512<float> largest = Vector512.Create(float.NegativeInfinity);
        float max = float.NegativeInfinity;
        int i = 0;
        for (; i <= logits.Length - 16; i += 16)
        {
            Vector512<float> value = TElement.Load(logits[i..]);
            value.CopyTo(exponentials[i..]);
            largest = Vector512.Max(largest, value);
        }

        for (; i < logits.Length; i++)
        {
            exponentials[i] = TElement.ToSingle(logits[i]);
            max = MathF.Max(max, exponentials[i]);
        }

        for (int lane = 0; lane < 16; lane++)
        {
            max = MathF.Max(max, largest[lane]);
        }

        float target = exponentials[label];
        Vector512<float> total = Vector512<float>.Zero;
        for (i = 0; i <= logits.Length - 16; i += 16)
        {
            Vector512<float> value = Vector512.Exp(Vector512.Create((ReadOnlySpan<float>)exponentials[i..]) - Vector512.Create(max));
            value.CopyTo(exponentials[i..]);
            total += value;
        }

        float sum = Vector512.Sum(total);
        for (; i < logits.Length; i++)
        {
            exponentials[i] = MathF.Exp(exponentials[i] - max);
            sum += exponentials[i];
        }

        float factor = scale / sum;
        float labelGradient = (exponentials[label] * factor) - scale;
        for (i = 0; i <= logits.Length - 16; i += 16)
        {
            TElement.Store(Vector512.Create((ReadOnlySpan<float>)exponentials[i..]) * factor, logits[i..]);
        }

        for (; i < logits.Length; i++)
        {
            logits[i] = TElement.FromSingle(exponentials[i] * factor);
        }

        logits[label] = TElement.FromSingle(labelGradient);
        return Math.Log(sum) + max - target;
    }
}
