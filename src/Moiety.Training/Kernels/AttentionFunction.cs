using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace Moiety.Training.Kernels;

/// <summary>
/// Causal grouped-query attention and its gradient. Like FlashAttention (arXiv 2205.14135) it goes tile by tile with a running
/// softmax, keeps the logarithm of each row's sum and computes the tiles again on the way back; memory is linear in the length. Every
/// position sees one range of positions that ends at itself: of the sequence, of its document or of a window. Tiles outside the ranges
/// are never touched, so packed documents cost what they would alone. Inputs are F32 or BF16, sums are F32. A task is one key-value
/// head of one sequence: the result does not depend on the number of threads.
/// </summary>
internal sealed class AttentionFunction : autograd.SingleTensorFunction<AttentionFunction>
{
    /// <inheritdoc/>
    public override string Name => nameof(AttentionFunction);

    /// <summary>Attends.</summary>
    /// <param name="heads">[batch, length, query heads + key heads + value heads, size], contiguous, F32 or BF16: turned by their positions.</param>
    /// <param name="queryHeads">Number of query heads; the rest are as many key as value heads.</param>
    /// <param name="firstVisible">[batch * length]: the first position of the sequence that each position sees; never falls within a sequence.</param>
    /// <param name="scale">Factor of the scores.</param>
    /// <returns>[batch, length, query heads * size] of the same type.</returns>
    internal static Tensor Apply(Tensor heads, int queryHeads, int[] firstVisible, float scale) => apply(heads, queryHeads, firstVisible, scale);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] vars)
    {
        Tensor heads = (Tensor)vars[0];
        AttentionShape shape = ShapeOf(heads, (int)vars[1]);
        int[] firstVisible = (int[])vars[2];
        float scale = (float)vars[3];
        Tensor output = empty(shape.Batch, shape.Length, shape.Heads * shape.Size, dtype: heads.dtype);
        Tensor logarithms = empty(shape.Batch, shape.Heads, shape.Length, dtype: ScalarType.Float32);
        if (heads.dtype == ScalarType.BFloat16)
        {
            Forward<ushort, Bfloat16Element>(shape, scale, firstVisible, heads, output, logarithms);
        }
        else
        {
            Forward<float, Float32Element>(shape, scale, firstVisible, heads, output, logarithms);
        }

        // Detached: the output itself would hold the graph that holds it.
        ctx.save_for_backward([heads, output.detach(), logarithms]);
        ctx.save_data("queryHeads", shape.Heads);
        ctx.save_data("firstVisible", firstVisible);
        ctx.save_data("scale", scale);
        return output;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        List<Tensor> saved = ctx.get_saved_variables();
        Tensor heads = saved[0];
        AttentionShape shape = ShapeOf(heads, (int)ctx.get_data("queryHeads"));
        int[] firstVisible = (int[])ctx.get_data("firstVisible");
        float scale = (float)ctx.get_data("scale");
        Tensor gradient = gradOutput.contiguous();
        Tensor result = empty_like(heads);
        if (heads.dtype == ScalarType.BFloat16)
        {
            Backward<ushort, Bfloat16Element>(shape, scale, firstVisible, saved, gradient, result);
        }
        else
        {
            Backward<float, Float32Element>(shape, scale, firstVisible, saved, gradient, result);
        }

        return [result, null!, null!, null!];
    }

    private static AttentionShape ShapeOf(Tensor heads, int queryHeads)
    {
        int all = checked((int)heads.shape[2]);
        return new AttentionShape(checked((int)heads.shape[0]), checked((int)heads.shape[1]), queryHeads, (all - queryHeads) / 2, checked((int)heads.shape[3]));
    }

    private static unsafe void Forward<T, TElement>(AttentionShape shape, float scale, int[] firstVisible, Tensor heads, Tensor output, Tensor logarithms)
        where T : unmanaged
        where TElement : IElement<T>
    {
        T* packed = Data<T>(heads);
        T* mixed = Data<T>(output);
        float* sums = Data<float>(logarithms);
        RowBlocks.ForEach(shape.Batch * shape.Groups, task =>
        {
            (int sequence, int group) = Math.DivRem(task, shape.Groups);
            using AttentionForward<T, TElement> work = new(shape, scale, firstVisible.AsSpan(sequence * shape.Length, shape.Length), group);
            work.Run(
                packed + ((long)sequence * shape.Length * shape.PackedStride),
                mixed + ((long)sequence * shape.Length * shape.Heads * shape.Size),
                sums + ((long)sequence * shape.Heads * shape.Length));
        });
    }

    private static unsafe void Backward<T, TElement>(AttentionShape shape, float scale, int[] firstVisible, List<Tensor> saved, Tensor gradient, Tensor result)
        where T : unmanaged
        where TElement : IElement<T>
    {
        T* packed = Data<T>(saved[0]);
        T* mixed = Data<T>(saved[1]);
        float* sums = Data<float>(saved[2]);
        T* mixedGradient = Data<T>(gradient);
        T* packedGradient = Data<T>(result);
        RowBlocks.ForEach(shape.Batch * shape.Groups, task =>
        {
            (int sequence, int group) = Math.DivRem(task, shape.Groups);
            long packedOffset = (long)sequence * shape.Length * shape.PackedStride;
            long mixedOffset = (long)sequence * shape.Length * shape.Heads * shape.Size;
            using AttentionBackward<T, TElement> work = new(shape, scale, firstVisible.AsSpan(sequence * shape.Length, shape.Length), group);
            work.Run(
                packed + packedOffset,
                mixed + mixedOffset,
                sums + ((long)sequence * shape.Heads * shape.Length),
                mixedGradient + mixedOffset,
                packedGradient + packedOffset);
        });
    }

    // The memory is libtorch's: nothing moves it while the tensor lives.
    private static unsafe T* Data<T>(Tensor tensor)
        where T : unmanaged => tensor.is_contiguous()
            ? (T*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(tensor.bytes))
            : throw new ArgumentException("The tensor is not contiguous.", nameof(tensor));
}
