using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

namespace Moiety.Numerics.Formats;

/// <summary>What ggml's formats of 32 elements with one scale have in common; activations are quantized to 8 bits for their products.</summary>
/// <typeparam name="TBlock">Reads and writes blocks.</typeparam>
internal abstract unsafe class QuantizedFormat<TBlock> : StorageFormat
    where TBlock : struct, IQuantizedBlock, IRowReader
{
    /// <summary>Elements of a block.</summary>
    private protected const int Length = 32;

    public sealed override int BlockLength => Length;

    public sealed override int BlockBytes => TBlock.Bytes;

    public sealed override ActivationForms Activations => ActivationForms.Quantized8;

    public sealed override void Quantize(ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(source.Length, destination.Length);
        fixed (float* values = source)
        fixed (byte* blocks = destination)
        {
            for (int b = 0; b < source.Length / Length; b++)
            {
                TBlock.Quantize(values + (b * Length), blocks + (b * TBlock.Bytes));
            }
        }
    }

    public sealed override void Dequantize(ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLengths(destination.Length, source.Length);
        fixed (byte* row = source)
        {
            for (int i = 0; i < destination.Length; i += 16)
            {
                TBlock.Load16(row, i).CopyTo(destination[i..]);
            }
        }
    }

    internal sealed override void Multiply(in ProductTask task) => QuantizedProduct.Multiply<TBlock>(task);

    internal sealed override void Scores(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores) =>
        AttentionKernels.Scores<TBlock>(query, rows, stride, count, dimension, scale, scores);

    internal sealed override void AccumulateRows(float* weights, byte* rows, long stride, int count, int dimension, float* output) =>
        AttentionKernels.Accumulate<TBlock>(weights, rows, stride, count, dimension, output);
}
