using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Moiety.Training.Kernels;

/// <summary>
/// The inner part of SwiGLU with its gradient in one pass each: y = silu(gate) * up, the two side by side in one tensor.
/// With s = sigmoid(gate): dup = dy gate s, dgate = dy up s (1 + gate (1 - s)).
/// </summary>
internal sealed class SwiGluFunction : autograd.SingleTensorFunction<SwiGluFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(SwiGluFunction);

    /// <summary>Applies the activation.</summary>
    /// <param name="gateUp">[rows, 2 * inner], F32 or BF16.</param>
    /// <returns>[rows, inner] of the same type.</returns>
    internal static Tensor Apply(Tensor gateUp) => apply(gateUp);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor gateUp = (Tensor)vars[0];
        ctx.save_for_backward([gateUp]);
        Tensor output = empty(gateUp.shape[0], gateUp.shape[1] / 2, dtype: gateUp.dtype);
        if (gateUp.dtype == ScalarType.BFloat16)
        {
            Forward<ushort, Bfloat16Element>(gateUp, output);
        }
        else
        {
            Forward<float, Float32Element>(gateUp, output);
        }

        return output;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        Tensor gateUp = ctx.get_saved_variables()[0];
        Tensor gradient = gradOutput.contiguous();
        Tensor result = empty_like(gateUp);
        if (gateUp.dtype == ScalarType.BFloat16)
        {
            Backward<ushort, Bfloat16Element>(gateUp, gradient, result);
        }
        else
        {
            Backward<float, Float32Element>(gateUp, gradient, result);
        }

        return [result];
    }

    private static void Forward<T, TElement>(Tensor gateUp, Tensor output)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<T> x = new(gateUp);
        TensorRows<T> y = new(output);
        RowBlocks.For(x.Count, (_, first, end) =>
        {
            for (int row = first; row < end; row++)
            {
                Span<T> destination = y[row];
                ReadOnlySpan<T> gate = x[row][..destination.Length];
                ReadOnlySpan<T> up = x[row][destination.Length..];
                int i = 0;
                for (; i <= destination.Length - 16; i += 16)
                {
                    Vector512<float> g = TElement.Load(gate[i..]);
                    TElement.Store(g * Sigmoid(g) * TElement.Load(up[i..]), destination[i..]);
                }

                for (; i < destination.Length; i++)
                {
                    float g = TElement.ToSingle(gate[i]);
                    destination[i] = TElement.FromSingle(g * Sigmoid(g) * TElement.ToSingle(up[i]));
                }
            }
        });
    }

    private static void Backward<T, TElement>(Tensor gateUp, Tensor gradient, Tensor result)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<T> x = new(gateUp);
        TensorRows<T> dy = new(gradient);
        TensorRows<T> dx = new(result);
        RowBlocks.For(x.Count, (_, first, end) =>
        {
            for (int row = first; row < end; row++)
            {
                ReadOnlySpan<T> upstream = dy[row];
                int inner = upstream.Length;
                ReadOnlySpan<T> gate = x[row][..inner];
                ReadOnlySpan<T> up = x[row][inner..];
                Span<T> gateGradient = dx[row][..inner];
                Span<T> upGradient = dx[row][inner..];
                int i = 0;
                for (; i <= inner - 16; i += 16)
                {
                    Vector512<float> g = TElement.Load(gate[i..]);
                    Vector512<float> d = TElement.Load(upstream[i..]);
                    Vector512<float> s = Sigmoid(g);
                    TElement.Store(d * g * s, upGradient[i..]);
                    TElement.Store(d * TElement.Load(up[i..]) * s * (Vector512<float>.One + (g * (Vector512<float>.One - s))), gateGradient[i..]);
                }

                for (; i < inner; i++)
                {
                    float g = TElement.ToSingle(gate[i]);
                    float d = TElement.ToSingle(upstream[i]);
                    float s = Sigmoid(g);
                    upGradient[i] = TElement.FromSingle(d * g * s);
                    gateGradient[i] = TElement.FromSingle(d * TElement.ToSingle(up[i]) * s * (1 + (g * (1 - s))));
                }
            }
        });
    }

    private static Vector512<float> Sigmoid(Vector512<float> x)
    {
        Vector512<float> exponential = Exponential.OfNegative(-Vector512.Abs(x));
        Vector512<float> numerator = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), exponential, Vector512<float>.One);
        return numerator / (Vector512<float>.One + exponential);
    }

    private static float Sigmoid(float x) => 1 / (1 + MathF.Exp(-x));
}
