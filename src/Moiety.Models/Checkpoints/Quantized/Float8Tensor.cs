using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>
/// A matrix of F8_E4M3 with scales for rectangles of it: <c>weight_scale_inv</c> over blocks of 128 × 128 (DeepSeek-V3, Qwen3), or
/// <c>weight_scale</c> for rows or for all. It becomes BF16, as in transformers.
/// </summary>
internal sealed unsafe class Float8Tensor : DerivedTensor
{
    /// <summary>The element type that such matrices have in files.</summary>
    public const string TypeName = "F8_E4M3";

    private readonly FileTensor _weights;
    private readonly FileTensor _scales;
    private readonly int _blockRows;
    private readonly int _blockColumns;

    /// <summary>Joins a matrix and its scales.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="scales">Its scales: F32, F16 or BF16.</param>
    /// <param name="block">Rows and columns that share a scale, or null to infer from the shapes whether rows or all do.</param>
    /// <exception cref="InvalidCheckpointException">The shapes do not belong together.</exception>
    public Float8Tensor(FileTensor weights, FileTensor scales, (int Rows, int Columns)? block)
        : base(weights, weights.Name, ElementType.Of(StorageFormats.BF16), weights.Shape)
    {
        _weights = weights;
        _scales = scales;
        if (weights.Shape.Length != 2 || weights.Shape.Any(size => size is < 1 or > int.MaxValue) || scales.Format.BlockLength != 1)
        {
            throw Error($"shape {TensorShape.Text(weights.Shape)} is no matrix, or its scales are quantized");
        }

        (int rows, int columns) = ((int)weights.Shape[0], (int)weights.Shape[1]);
        (_blockRows, _blockColumns) = block ?? (Count(scales) == 1 ? (rows, columns) : (1, columns));
        long expected = (((long)rows + _blockRows - 1) / _blockRows) * (((long)columns + _blockColumns - 1) / _blockColumns);
        if (Count(scales) != expected || (expected > 1 && scales.Shape[0] != (rows + (long)_blockRows - 1) / _blockRows))
        {
            throw Error($"its scales \"{scales.Name}\" have shape {TensorShape.Text(scales.Shape)}; {TensorShape.Text(weights.Shape)} in blocks of {_blockRows} × {_blockColumns} needs {expected}");
        }
    }

    /// <inheritdoc/>
    protected override void ReadRows(long first, long count, byte* target)
    {
        int columns = (int)Shape[1];
        using TensorBytes weights = new(_weights);
        using TensorBytes stored = new(_scales);
        int scaleCount = (int)Count(_scales);
        using AlignedBuffer scales = new((long)scaleCount * sizeof(float));
        _scales.Format.Dequantize(new ReadOnlySpan<byte>(stored.Pointer, checked(scaleCount * _scales.Format.BlockBytes)), scales.Span<float>(0, scaleCount));
        int scaleColumns = (columns + _blockColumns - 1) / _blockColumns;

        // Scales begin anew at multiples of their rows, so a piece may not begin in the middle of them but the first.
        long rowBytes = StorageFormats.BF16.RowBytes(columns);
        for (long row = first; row < first + count;)
        {
            long next = row % _blockRows == 0 ? first + count : Math.Min(first + count, (row / _blockRows * _blockRows) + _blockRows);
            ScaledFloat8.Expand(
                weights.Pointer + (row * columns), scales.As<float>() + (row / _blockRows * scaleColumns), (int)(next - row), columns, _blockRows, _blockColumns,
                target + ((row - first) * rowBytes));
            row = next;
        }
    }

    private static long Count(FileTensor tensor) => tensor.Shape.Aggregate(1L, (product, size) => product * size);

    private InvalidCheckpointException Error(string reason) => new(Path, $"tensor \"{Name}\"", reason);
}
