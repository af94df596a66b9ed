using System.Runtime.Intrinsics;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Kernels;

/// <summary>
/// RMSNorm with its gradient in one pass each: y = x r g with r = 1 / sqrt(mean(x^2) + eps);
/// dx = r (g dy - x r^2 mean(g dy x)), dg = sum over rows of dy x r. The input is F32, the output F32 or BF16.
/// </summary>
internal sealed class RmsNormFunction : autograd.SingleTensorFunction<RmsNormFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(RmsNormFunction);

    /// <summary>Normalizes rows.</summary>
    /// <param name="input">[rows, size], F32, contiguous.</param>
    /// <param name="gain">[size], in a store, whose device says whether the kernel computes.</param>
    /// <param name="epsilon">Epsilon inside the root.</param>
    /// <param name="type">Type of the result: F32 or BF16.</param>
    internal static Tensor Apply(Tensor input, Parameter gain, float epsilon, ScalarType type) =>
        gain.Store.Device.UsesKernels ? apply(input, gain.Value, epsilon, type) : ByOperations(input, gain.Value, epsilon).to(type);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor input = (Tensor)vars[0];
        Tensor gain = (Tensor)vars[1];
        float epsilon = (float)vars[2];
        ScalarType type = (ScalarType)vars[3];
        ctx.save_for_backward([input, gain]);
        ctx.save_data("epsilon", epsilon);
        Tensor output = empty(input.shape, dtype: type);
        if (type == ScalarType.BFloat16)
        {
            Forward<ushort, Bfloat16Element>(input, gain, epsilon, output);
        }
        else
        {
            Forward<float, Float32Element>(input, gain, epsilon, output);
        }

        return output;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        float epsilon = (float)ctx.get_data("epsilon");
        Tensor gradient = gradOutput.contiguous();
        Tensor inputGradient = empty_like(saved[0]);
        Tensor gainGradient = gradient.dtype == ScalarType.BFloat16
            ? Backward<ushort, Bfloat16Element>(saved[0], saved[1], epsilon, gradient, inputGradient)
            : Backward<float, Float32Element>(saved[0], saved[1], epsilon, gradient, inputGradient);
        return [inputGradient, gainGradient, null!, null!];
    }

    private static Tensor ByOperations(Tensor input, Tensor gain, float epsilon) =>
        input * input.square().mean([-1], keepdim: true).Plus(epsilon).rsqrt() * gain;

    private static void Forward<T, TElement>(Tensor input, Tensor gain, float epsilon, Tensor output)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<float> x = new(input);
        TensorRows<float> g = new(gain);
        TensorRows<T> y = new(output);
        RowBlocks.For(x.Count, (_, first, end) =>
        {
            ReadOnlySpan<float> gains = g[0];
            for (int row = first; row < end; row++)
            {
                ReadOnlySpan<float> source = x[row];
                Span<T> destination = y[row];
                float scale = Scale(source, epsilon);
                int i = 0;
                for (; i <= source.Length - 16; i += 16)
                {
                    TElement.Store(Vector512.Create(source[i..]) * scale * Vector512.Create(gains[i..]), destination[i..]);
                }

                for (; i < source.Length; i++)
                {
                    destination[i] = TElement.FromSingle(source[i] * scale * gains[i]);
                }
            }
        });
    }

    private static Tensor Backward<T, TElement>(Tensor input, Tensor gain, float epsilon, Tensor gradient, Tensor inputGradient)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<float> x = new(input);
        TensorRows<float> g = new(gain);
        TensorRows<T> dy = new(gradient);
        TensorRows<float> dx = new(inputGradient);
        int size = checked((int)gain.shape[0]);
        Tensor partial = zeros(RowBlocks.Count(x.Count), size, dtype: ScalarType.Float32);
        TensorRows<float> sums = new(partial);
        RowBlocks.For(x.Count, (block, first, end) =>
        {
            ReadOnlySpan<float> gains = g[0];
            Span<float> sum = sums[block];
            for (int row = first; row < end; row++)
            {
                BackwardRow<T, TElement>(x[row], gains, dy[row], epsilon, dx[row], sum);
            }
        });
        return partial.sum(dim: 0L);
    }

    private static void BackwardRow<T, TElement>(ReadOnlySpan<float> x, ReadOnlySpan<float> gains, ReadOnlySpan<T> dy, float epsilon, Span<float> dx, Span<float> gainSum)
        where T : unmanaged
        where TElement : IElement<T>
    {
        float scale = Scale(x, epsilon);
        Vector512<float> products = Vector512<float>.Zero;
        float tail = 0;
        int i = 0;
        for (; i <= x.Length - 16; i += 16)
        {
            Vector512<float> values = Vector512.Create(x[i..]);
            Vector512<float> gradient = TElement.Load(dy[i..]);
            products += values * gradient * Vector512.Create(gains[i..]);
            (Vector512.Create((ReadOnlySpan<float>)gainSum[i..]) + (gradient * values * scale)).CopyTo(gainSum[i..]);
        }

        for (; i < x.Length; i++)
        {
            float gradient = TElement.ToSingle(dy[i]);
            tail += x[i] * gradient * gains[i];
            gainSum[i] += gradient * x[i] * scale;
        }

        float shared = scale * scale * (Vector512.Sum(products) + tail) / x.Length;
        for (i = 0; i <= x.Length - 16; i += 16)
        {
            Vector512<float> gradient = TElement.Load(dy[i..]) * Vector512.Create(gains[i..]);
            ((gradient - (Vector512.Create(x[i..]) * shared)) * scale).CopyTo(dx[i..]);
        }

        for (; i < x.Length; i++)
        {
            dx[i] = ((TElement.ToSingle(dy[i]) * gains[i]) - (x[i] * shared)) * scale;
        }
    }

    private static float Scale(ReadOnlySpan<float> x, float epsilon)
    {
        Vector512<float> squares = Vector512<float>.Zero;
        int i = 0;
        for (; i <= x.Length - 16; i += 16)
        {
            Vector512<float> values = Vector512.Create(x[i..]);
            squares += values * values;
        }

        float sum = Vector512.Sum(squares);
        for (; i < x.Length; i++)
        {
            sum += x[i] * x[i];
        }

        return 1 / MathF.Sqrt((sum / x.Length) + epsilon);
    }
}
