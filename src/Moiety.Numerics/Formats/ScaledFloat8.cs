using System.Buffers;
using System.Numerics.Tensors;

namespace Moiety.Numerics.Formats;

/// <summary>
/// Weights in F8_E4M3 with single-precision scales for rectangles of them, as DeepSeek-V3 and others publish (<c>weight</c> and
/// <c>weight_scale_inv</c>, 128 × 128). They become BF16 when they are loaded: each element is float(e4m3) · scale, rounded to
/// single and then to BF16, as in Hugging Face transformers.
/// </summary>
public static unsafe class ScaledFloat8
{
    /// <summary>Expands a matrix, rows in parallel.</summary>
    /// <param name="weights">Elements, [rows, columns].</param>
    /// <param name="scales">Scales, [⌈rows / blockRows⌉, ⌈columns / blockColumns⌉].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="blockRows">Rows that share a scale: 128; 1 for a scale per row; <paramref name="rows"/> for one in all.</param>
    /// <param name="blockColumns">Columns that share a scale.</param>
    /// <param name="brains">Output in BF16, [rows, columns].</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is negative, or a block is empty.</exception>
    public static void Expand(
        byte* weights,
        float* scales,
        int rows,
        int columns,
        int blockRows,
        int blockColumns,
        byte* brains,
        CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegative(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockRows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockColumns);
        int scaleColumns = (int)(((long)columns + blockColumns - 1) / blockColumns);
        int rowBytes = checked((int)StorageFormats.BF16.RowBytes(columns));
        Parallel.For(0, rows, new ParallelOptions { CancellationToken = cancellationToken }, row => ExpandRow(
            new ReadOnlySpan<byte>(weights + ((long)row * columns), columns),
            new ReadOnlySpan<float>(scales + ((long)(row / blockRows) * scaleColumns), scaleColumns),
            blockColumns,
            new Span<byte>(brains + ((long)row * rowBytes), rowBytes)));
    }

    private static void ExpandRow(ReadOnlySpan<byte> weights, ReadOnlySpan<float> scales, int blockColumns, Span<byte> brains)
    {
        float[] values = ArrayPool<float>.Shared.Rent(weights.Length);
        try
        {
            Span<float> row = values.AsSpan(0, weights.Length);
            StorageFormats.F8_E4M3.Dequantize(weights, row);
            for (int block = 0; block < scales.Length; block++)
            {
                int start = block * blockColumns;
                Span<float> part = row.Slice(start, Math.Min(blockColumns, row.Length - start));
                TensorPrimitives.Multiply(part, scales[block], part);
            }
            StorageFormats.BF16.Quantize(row, brains);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(values);
        }
    }
}
