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
    /// <summary>The largest element of F8_E4M3.</summary>
    public const float LargestElement = 448;

    // 2^120 · 255.
    private const float LargestBrain = 255f * (1 << 30) * (1 << 30) * (1 << 30) * (1 << 30);

    /// <summary>The largest scale whose products with all elements are finite in BF16.</summary>
    public static float LargestScale { get; } = LargestBrain / LargestElement;

    /// <summary>
    /// The scales of a band of rows, one for each so many columns: the largest magnitude there over <see cref="LargestElement"/>, so
    /// that it becomes the largest element; 1 where all are zero, or too small for such a scale to be above zero.
    /// </summary>
    /// <param name="values">Whole rows that share scales; finite.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="blockColumns">Columns that share a scale.</param>
    /// <param name="scales">Output, ⌈columns / blockColumns⌉.</param>
    /// <exception cref="ArgumentException">The values are no whole rows, or the scales are of another number.</exception>
    public static void Scales(ReadOnlySpan<float> values, int columns, int blockColumns, Span<float> scales)
    {
        CheckBand(values.Length, columns, blockColumns, scales.Length);
        scales.Clear();
        for (; !values.IsEmpty; values = values[columns..])
        {
            for (int block = 0; block < scales.Length; block++)
            {
                int start = block * blockColumns;
                float largest = MathF.Abs(TensorPrimitives.MaxMagnitude(values.Slice(start, Math.Min(blockColumns, columns - start))));
                scales[block] = MathF.Max(scales[block], largest);
            }
        }
        foreach (ref float scale in scales)
        {
            scale = scale / LargestElement is > 0 and float quotient ? quotient : 1;
        }
    }

    /// <summary>Rounds a band of rows to elements: each value over its scale, to the nearest element, of two equally near to the even one.</summary>
    /// <param name="values">Whole rows that share scales; finite.</param>
    /// <param name="scales">Their scales, see <see cref="Scales"/>.</param>
    /// <param name="columns">Elements of a row.</param>
    /// <param name="blockColumns">Columns that share a scale.</param>
    /// <param name="weights">Output, one byte for each value.</param>
    /// <exception cref="ArgumentException">The spans do not belong together.</exception>
    public static void Compress(ReadOnlySpan<float> values, ReadOnlySpan<float> scales, int columns, int blockColumns, Span<byte> weights)
    {
        CheckBand(values.Length, columns, blockColumns, scales.Length);
        if (weights.Length != values.Length)
        {
            throw new ArgumentException($"{values.Length} values take as many bytes, the span has {weights.Length}.", nameof(weights));
        }
        for (int row = 0; row < values.Length; row += columns)
        {
            for (int column = 0; column < columns; column++)
            {
                weights[row + column] = F8_E4M3.Round(values[row + column] / scales[column / blockColumns]);
            }
        }
    }

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

    private static void CheckBand(int values, int columns, int blockColumns, int scales)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(blockColumns);
        if (values % columns != 0 || scales != ((long)columns + blockColumns - 1) / blockColumns)
        {
            throw new ArgumentException($"{values} values in rows of {columns} and {scales} scales of {blockColumns} columns do not belong together.");
        }
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
