using System.Buffers;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>Receives encoded bytes in order.</summary>
internal delegate void ByteSink(ReadOnlySpan<byte> bytes);

/// <summary>
/// Streams a tensor in the format and the order of rows that a file wants, a few megabytes at a time. Rows are encoded in
/// parallel and independently of each other, so the bytes do not depend on the number of threads.
/// </summary>
internal static unsafe class TensorEncoder
{
    private const int ChunkElements = 1 << 20;

    /// <summary>Encodes a tensor.</summary>
    /// <param name="source">The tensor.</param>
    /// <param name="tensor">Which one it is, for messages.</param>
    /// <param name="target">Format of the output.</param>
    /// <param name="sourceRow">The source row that a given output row takes, or null for the same order.</param>
    /// <param name="importance">How much each column matters, or empty.</param>
    /// <param name="sink">Receives the bytes.</param>
    /// <param name="cancellationToken">Stops between chunks.</param>
    /// <exception cref="InvalidInputException">A value is not finite, or does not fit the format.</exception>
    public static void Encode(Matrix source, TensorSpec tensor, StorageFormat target, Func<int, int>? sourceRow, ReadOnlyMemory<float> importance, ByteSink sink, CancellationToken cancellationToken)
    {
        if (source.Rows != tensor.Rows || source.Columns != tensor.Columns)
        {
            throw new InvalidInputException($"tensor \"{tensor.Name}\": found shape [{source.Rows}, {source.Columns}], expected {tensor.ShapeText}.");
        }

        int rowBytes = checked((int)target.RowBytes(tensor.Columns));
        int rowsPerChunk = (int)Math.Clamp(Math.Min(ChunkElements / tensor.Columns, int.MaxValue / rowBytes), 1, tensor.Rows);
        byte[] chunk = ArrayPool<byte>.Shared.Rent(checked(rowsPerChunk * rowBytes));
        try
        {
            for (int row = 0; row < tensor.Rows; row += rowsPerChunk)
            {
                cancellationToken.ThrowIfCancellationRequested();
                int count = Math.Min(rowsPerChunk, tensor.Rows - row);
                EncodeRows(source, target, sourceRow, importance, row, count, rowBytes, chunk);
                ReadOnlySpan<byte> bytes = chunk.AsSpan(0, count * rowBytes);
                CheckFinite(source, tensor, target, sourceRow, row, bytes);
                sink(bytes);
            }
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(chunk);
        }
    }

    private static void EncodeRows(
        Matrix source, StorageFormat target, Func<int, int>? sourceRow, ReadOnlyMemory<float> importance, int first, int count, int rowBytes, byte[] chunk)
    {
        if (source.Format == target)
        {
            for (int i = 0; i < count; i++)
            {
                Row(source, sourceRow, first + i).CopyTo(chunk.AsSpan(i * rowBytes));
            }

            return;
        }

        Parallel.For(0, count, () => ArrayPool<float>.Shared.Rent(source.Columns), (i, _, values) =>
        {
            Span<float> row = values.AsSpan(0, source.Columns);
            source.Format.Dequantize(Row(source, sourceRow, first + i), row);
            target.Quantize(row, chunk.AsSpan(i * rowBytes, rowBytes), importance.Span);
            return values;
        }, values => ArrayPool<float>.Shared.Return(values));
    }

    private static void CheckFinite(Matrix source, TensorSpec tensor, StorageFormat target, Func<int, int>? sourceRow, int firstRow, ReadOnlySpan<byte> bytes)
    {
        // The source is looked at too: a block format may hide a NaN in its scale.
        int count = bytes.Length / (int)target.RowBytes(tensor.Columns);
        for (int row = firstRow; row < firstRow + count && source.Format != target; row++)
        {
            if (FiniteScan.FindNonFinite(source.Format, Row(source, sourceRow, row)) is >= 0 and long column)
            {
                throw new InvalidInputException($"tensor \"{tensor.Name}\", row {row}, column {column}: the value is not a finite number.");
            }
        }

        if (FiniteScan.FindNonFinite(target, bytes) is >= 0 and long found)
        {
            string reason = source.Format == target ? "is not a finite number" : $"does not fit the range of {target.Name}; choose BF16 or F32 for it";
            throw new InvalidInputException(
                $"tensor \"{tensor.Name}\", row {firstRow + (found / tensor.Columns)}, column {found % tensor.Columns}: the value {reason}.");
        }
    }

    private static ReadOnlySpan<byte> Row(Matrix matrix, Func<int, int>? sourceRow, int row) =>
        new(matrix.Data + ((sourceRow?.Invoke(row) ?? row) * matrix.RowBytes), checked((int)matrix.RowBytes));
}
