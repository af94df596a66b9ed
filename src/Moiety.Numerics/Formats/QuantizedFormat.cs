using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

namespace Moiety.Numerics.Formats;

/// <summary>What the formats of small integers with scales have in common; activations are quantized to 8 bits for their products.</summary>
/// <typeparam name="TGroups">Reads and writes blocks.</typeparam>
internal abstract unsafe class QuantizedFormat<TGroups> : StorageFormat
    where TGroups : struct, IQuantizedGroups, IRowReader
{
    public sealed override int BlockLength => TGroups.Groups * QuantizedBlock.Length;

    public sealed override int BlockBytes => TGroups.Bytes;

    public sealed override ActivationForms Activations => ActivationForms.Quantized8;

    public sealed override void Quantize(ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(source.Length, destination.Length);
        fixed (float* values = source)
        fixed (byte* blocks = destination)
        {
            for (int b = 0; b < source.Length / BlockLength; b++)
            {
                TGroups.Quantize(values + (b * BlockLength), null, 0, blocks + (b * TGroups.Bytes));
            }
        }
    }

    public sealed override void Dequantize(ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLengths(destination.Length, source.Length);
        fixed (byte* blocks = source)
        fixed (float* values = destination)
        {
            for (int b = 0; b < destination.Length / BlockLength; b++)
            {
                TGroups.Dequantize(blocks + (b * TGroups.Bytes), values + (b * BlockLength));
            }
        }
    }

    private protected sealed override void QuantizeRow(ReadOnlySpan<float> source, Span<byte> destination, ReadOnlySpan<float> importance)
    {
        float squares = 0;
        foreach (float value in source)
        {
            squares += value * value;
        }
        fixed (float* values = source, weights = importance)
        fixed (byte* blocks = destination)
        {
            for (int b = 0; b < source.Length / BlockLength; b++)
            {
                TGroups.Quantize(values + (b * BlockLength), weights + (b * BlockLength), squares / source.Length, blocks + (b * TGroups.Bytes));
            }
        }
    }

    internal sealed override void Multiply(in ProductTask task)
    {
        if (task.Activations.Precision == ActivationPrecision.Rounded)
        {
            QuantizedProduct.Multiply<TGroups>(task);
        }
        else
        {
            DenseProduct.Multiply<DecodedElement<TGroups>>(task);
        }
    }

    internal sealed override void Scores(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores) =>
        AttentionKernels.Scores<TGroups>(query, rows, stride, count, dimension, scale, scores);

    internal sealed override void AccumulateRows(float* weights, byte* rows, long stride, int count, int dimension, float* output) =>
        AttentionKernels.Accumulate<TGroups>(weights, rows, stride, count, dimension, output);
}
