using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace Moiety.Training.Kernels;

/// <summary>Adds gradients to sums in F32.</summary>
internal static class GradientSum
{
    /// <summary>sum += gradient.</summary>
    /// <param name="gradient">[rows, columns], F32 or BF16, contiguous.</param>
    /// <param name="sum">[rows, columns], F32, contiguous.</param>
    internal static void Add(Tensor gradient, Tensor sum)
    {
        if (gradient.dtype == ScalarType.BFloat16)
        {
            Add<ushort, Bfloat16Element>(gradient, sum);
        }
        else
        {
            Add<float, Float32Element>(gradient, sum);
        }
    }

    private static void Add<T, TElement>(Tensor gradient, Tensor sum)
        where T : unmanaged
        where TElement : IElement<T>
    {
        TensorRows<T> source = new(gradient);
        TensorRows<float> target = new(sum);
        RowBlocks.For(source.Count, (_, first, end) =>
        {
            for (int row = first; row < end; row++)
            {
                ReadOnlySpan<T> from = source[row];
                Span<float> to = target[row];
                int i = 0;
                for (; i <= from.Length - 16; i += 16)
                {
                    (Vector512.Create<float>(to[i..]) + TElement.Load(from[i..])).CopyTo(to[i..]);
                }

                for (; i < from.Length; i++)
                {
                    to[i] += TElement.ToSingle(from[i]);
                }
            }
        });
    }
}
