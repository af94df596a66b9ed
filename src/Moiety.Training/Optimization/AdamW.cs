using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Moiety.Training.Modules;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training.Optimization;

/// <summary>
/// AdamW (Loshchilov and Hutter, arXiv 1711.05101) with bias correction, on the processor in one pass over the flat buffers of a
/// <see cref="ParameterStore"/>. Every element is independent of the others, and norms are summed over blocks of fixed size in
/// fixed order, so the result depends neither on the number of threads nor on the width of the vectors.
/// </summary>
internal sealed class AdamW : IDisposable
{
    private const int BlockLength = 1 << 18;

    private readonly ParameterStore _store;
    private readonly AdamWOptions _options;

    /// <summary>Creates the optimizer with zero moments.</summary>
    internal AdamW(ParameterStore store, AdamWOptions options)
    {
        _store = store;
        _options = options;
        FirstMoment = zeros(store.Length, dtype: ScalarType.Float32, device: store.Device.Device).DetachFromDisposeScope();
        SecondMoment = zeros(store.Length, dtype: ScalarType.Float32, device: store.Device.Device).DetachFromDisposeScope();
    }

    /// <summary>Flat running mean of gradients.</summary>
    internal Tensor FirstMoment { get; }

    /// <summary>Flat running mean of squared gradients.</summary>
    internal Tensor SecondMoment { get; }

    /// <summary>One update from the gradients in the store.</summary>
    /// <param name="step">Number of this update, from 1.</param>
    /// <param name="learningRate">The learning rate.</param>
    /// <param name="threads">Threads to use.</param>
    /// <returns>Norm of all gradients before clipping.</returns>
    internal double Step(long step, double learningRate, int threads) =>
        _store.Device.UsesKernels ? StepByBlocks(step, learningRate, threads) : StepByOperations(step, learningRate);

    private double StepByBlocks(long step, double learningRate, int threads)
    {
        ParallelOptions parallel = new() { MaxDegreeOfParallelism = threads };
        int blocks = (int)((_store.Length + BlockLength - 1) / BlockLength);
        double[] squares = new double[blocks];
        Parallel.For(0, blocks, parallel, block => squares[block] = SumOfSquares(Block(_store.Gradients, block)));
        double norm = Math.Sqrt(squares.Sum());
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        float clip = Clip(norm);
        float stepSize = (float)(learningRate / (1 - Math.Pow(_options.Beta1, step)));
        float secondCorrection = (float)(1 / (1 - Math.Pow(_options.Beta2, step)));
        Parallel.For(0, blocks, parallel, block =>
        {
            long start = (long)block * BlockLength;
            int matrices = (int)Math.Clamp(_store.MatrixLength - start, 0, BlockLength);
            float keep = (float)(1 - (learningRate * _options.WeightDecay));
            Span<float> values = Block(_store.Values, block);
            Span<float> gradients = Block(_store.Gradients, block);
            Span<float> first = Block(FirstMoment, block);
            Span<float> second = Block(SecondMoment, block);
            matrices = Math.Min(matrices, values.Length);
            Update(values[..matrices], gradients[..matrices], first[..matrices], second[..matrices], clip, stepSize, secondCorrection, keep);
            Update(values[matrices..], gradients[matrices..], first[matrices..], second[matrices..], clip, stepSize, secondCorrection, keep: 1);
        });
        return norm;
    }

    // The same on any device, in passes of libtorch's. The gradients are scaled where they lie: they are zeroed before the next step.
    private double StepByOperations(long step, double learningRate)
    {
        using IDisposable guard = no_grad();
        using DisposeScope scope = NewDisposeScope();
        Tensor gradients = _store.Gradients;
        double norm = Math.Sqrt(gradients.square().sum(type: ScalarType.Float64).ToDouble());
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        using Scalar clip = Clip(norm);
        using Scalar beta1 = (float)_options.Beta1;
        using Scalar beta2 = (float)_options.Beta2;
        using Scalar rest1 = (float)(1 - _options.Beta1);
        using Scalar rest2 = (float)(1 - _options.Beta2);
        using Scalar step1 = (float)(-learningRate / (1 - Math.Pow(_options.Beta1, step)));
        using Scalar keep = (float)(1 - (learningRate * _options.WeightDecay));
        gradients.mul_(clip);
        FirstMoment.mul_(beta1).add_(gradients, rest1);
        SecondMoment.mul_(beta2).addcmul_(gradients, gradients, rest2);
        Tensor root = SecondMoment.Times(1 / (1 - Math.Pow(_options.Beta2, step))).sqrt().Plus(_options.Epsilon);
        Tensor values = _store.Values;
        values.narrow(0, 0, _store.MatrixLength).mul_(keep);
        values.addcdiv_(FirstMoment, root, step1);
        return norm;
    }

    private float Clip(double norm) => _options.ClipNorm is { } limit && norm > limit ? (float)(limit / (norm + 1e-6)) : 1;

    private static Span<float> Block(Tensor flat, int block)
    {
        long start = (long)block * BlockLength;
        using Tensor view = flat.narrow(0, start, Math.Min(BlockLength, flat.shape[0] - start));
        return MemoryMarshal.Cast<byte, float>(view.bytes);
    }

    // Sixteen partial sums in double, whatever the machine's vectors are.
    private static double SumOfSquares(ReadOnlySpan<float> values)
    {
        Vector512<double> low = Vector512<double>.Zero;
        Vector512<double> high = Vector512<double>.Zero;
        int i = 0;
        for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            (Vector512<double> a, Vector512<double> b) = Vector512.Widen(Vector512.Create(values.Slice(i, Vector512<float>.Count)));
            low += a * a;
            high += b * b;
        }

        double sum = Vector512.Sum(low + high);
        for (; i < values.Length; i++)
        {
            sum += (double)values[i] * values[i];
        }

        return sum;
    }

    private void Update(Span<float> values, ReadOnlySpan<float> gradients, Span<float> first, Span<float> second, float clip, float stepSize, float secondCorrection, float keep)
    {
        float beta1 = (float)_options.Beta1;
        float beta2 = (float)_options.Beta2;
        float rest1 = (float)(1 - _options.Beta1);
        float rest2 = (float)(1 - _options.Beta2);
        float epsilon = (float)_options.Epsilon;
        int i = 0;
        for (; i <= values.Length - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            Vector512<float> gradient = Vector512.Create(gradients[i..]) * clip;
            Vector512<float> m = (Vector512.Create<float>(first[i..]) * beta1) + (gradient * rest1);
            Vector512<float> v = (Vector512.Create<float>(second[i..]) * beta2) + (gradient * gradient * rest2);
            Vector512<float> root = Vector512.Sqrt(v * secondCorrection) + Vector512.Create(epsilon);
            Vector512<float> value = (Vector512.Create<float>(values[i..]) * keep) - (m * stepSize / root);
            m.CopyTo(first[i..]);
            v.CopyTo(second[i..]);
            value.CopyTo(values[i..]);
        }

        for (; i < values.Length; i++)
        {
            float gradient = gradients[i] * clip;
            float m = (first[i] * beta1) + (gradient * rest1);
            float v = (second[i] * beta2) + (gradient * gradient * rest2);
            first[i] = m;
            second[i] = v;
            values[i] = (values[i] * keep) - (m * stepSize / (MathF.Sqrt(v * secondCorrection) + epsilon));
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }
}
