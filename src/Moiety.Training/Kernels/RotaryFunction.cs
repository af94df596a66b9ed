using System.Runtime.Intrinsics;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Kernels;

/// <summary>
/// Rotary positions (arXiv 2104.09864) on the leading heads of each position, the others copied; the gradient is the rotation backwards.
/// Pairs are (i, i + d/2).
/// </summary>
internal sealed class RotaryFunction : autograd.SingleTensorFunction<RotaryFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(RotaryFunction);

    /// <summary>Rotates.</summary>
    /// <param name="heads">[batch, length, heads, d], F32 or BF16, contiguous.</param>
    /// <param name="cosine">[positions, d/2], F32.</param>
    /// <param name="sine">[positions, d/2], F32.</param>
    /// <param name="rotated">Number of leading heads that are rotated.</param>
    internal static Tensor Apply(Tensor heads, Tensor cosine, Tensor sine, int rotated) => apply(heads, cosine, sine, rotated);

    /// <summary>The same by libtorch's operations, on any device.</summary>
    internal static Tensor ByOperations(Tensor heads, Tensor cosine, Tensor sine, int rotated)
    {
        long half = cosine.shape[1];
        Tensor turning = heads.narrow(2, 0, rotated).to(ScalarType.Float32);
        Tensor a = turning.narrow(3, 0, half);
        Tensor b = turning.narrow(3, half, half);
        Tensor c = cosine.narrow(0, 0, heads.shape[1]).unsqueeze(1);
        Tensor s = sine.narrow(0, 0, heads.shape[1]).unsqueeze(1);
        Tensor turned = cat([(a * c).Plus((b * s).neg()), (b * c).Plus(a * s)], 3).to(heads.dtype);
        return rotated == heads.shape[2] ? turned : cat([turned, heads.narrow(2, rotated, heads.shape[2] - rotated)], 2);
    }

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor cosine = (Tensor)vars[1];
        Tensor sine = (Tensor)vars[2];
        ctx.save_for_backward([cosine, sine]);
        ctx.save_data("rotated", vars[3]);
        return Rotate((Tensor)vars[0], cosine, sine, (int)vars[3], direction: 1);
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        return [Rotate(gradOutput.contiguous(), saved[0], saved[1], (int)ctx.get_data("rotated"), direction: -1), null!, null!, null!];
    }

    private static Tensor Rotate(Tensor heads, Tensor cosine, Tensor sine, int rotated, float direction)
    {
        Tensor result = empty_like(heads);
        if (heads.dtype == ScalarType.BFloat16)
        {
            Rotate<ushort, Bfloat16Element>(heads, cosine, sine, rotated, direction, result);
        }
        else
        {
            Rotate<float, Float32Element>(heads, cosine, sine, rotated, direction, result);
        }

        return result;
    }

    private static void Rotate<T, TElement>(Tensor heads, Tensor cosine, Tensor sine, int rotated, float direction, Tensor result)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<T> x = new(heads);
        TensorRows<T> y = new(result);
        TensorRows<float> cosines = new(cosine);
        TensorRows<float> sines = new(sine);
        int length = (int)heads.shape[1];
        int count = (int)heads.shape[2];
        RowBlocks.For(x.Count, (_, first, end) =>
        {
            for (int row = first; row < end; row++)
            {
                if (row % count >= rotated)
                {
                    x[row].CopyTo(y[row]);
                }
                else
                {
                    int position = row / count % length;
                    RotateRow<T, TElement>(x[row], y[row], cosines[position], sines[position], direction);
                }
            }
        });
    }

    private static void RotateRow<T, TElement>(ReadOnlySpan<T> x, Span<T> y, ReadOnlySpan<float> cosine, ReadOnlySpan<float> sine, float direction)
        where T : unmanaged
        where TElement : IElement<T>
    {
        int half = cosine.Length;
        int i = 0;
        for (; i <= half - 16; i += 16)
        {
            Vector512<float> a = TElement.Load(x[i..]);
            Vector512<float> b = TElement.Load(x[(half + i)..]);
            Vector512<float> c = Vector512.Create(cosine[i..]);
            Vector512<float> s = Vector512.Create(sine[i..]) * direction;
            TElement.Store((a * c) - (b * s), y[i..]);
            TElement.Store((b * c) + (a * s), y[(half + i)..]);
        }

        for (; i < half; i++)
        {
            float a = TElement.ToSingle(x[i]);
            float b = TElement.ToSingle(x[half + i]);
            float s = sine[i] * direction;
            y[i] = TElement.FromSingle((a * cosine[i]) - (b * s));
            y[half + i] = TElement.FromSingle((b * cosine[i]) + (a * s));
        }
    }
}
