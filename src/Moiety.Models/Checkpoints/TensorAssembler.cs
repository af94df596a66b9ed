using System.Runtime.InteropServices;
using Moiety.Models.Configuration;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Turns canonical tensors into the bytes of a file's tensor: the inverse of <see cref="TensorCopy"/>. Parts that follow each other are
/// streamed; what interleaves or transposes is put together in memory, one item of a stack at a time.
/// </summary>
internal static unsafe class TensorAssembler
{
    private const int PieceBytes = 1 << 24;

    /// <summary>Writes a tensor.</summary>
    /// <param name="tensor">What it consists of.</param>
    /// <param name="source">Where the parts come from.</param>
    /// <param name="encoding">What happens to the parts on the way.</param>
    /// <param name="sink">Receives the bytes.</param>
    /// <param name="finished">Told after each part.</param>
    /// <param name="cancellationToken">Stops between pieces.</param>
    /// <exception cref="InvalidInputException">A value is not finite, or does not fit the format.</exception>
    public static void Write(
        PlannedTensor tensor,
        TensorSource source,
        TensorEncoding encoding,
        ByteSink sink,
        Action<TensorSpec> finished,
        CancellationToken cancellationToken)
    {
        StorageFormat format = tensor.Declaration.Format;
        foreach (IGrouping<int, TensorPlacement> item in tensor.Parts.GroupBy(part => part.StackIndex))
        {
            if (item.All(part => part.PartRows == part.Rows && !part.IsTransposed))
            {
                foreach (TensorPlacement part in item)
                {
                    Encode(part, source, format, encoding, sink, cancellationToken);
                    finished(part.Tensor);
                }

                continue;
            }

            using AlignedBuffer assembled = Assemble(item, source, format, encoding, finished, cancellationToken);
            for (long start = 0; start < assembled.ByteLength; start += PieceBytes)
            {
                sink(assembled.Span<byte>(start, (int)Math.Min(PieceBytes, assembled.ByteLength - start)));
            }
        }
    }

    private static AlignedBuffer Assemble(
        IEnumerable<TensorPlacement> parts,
        TensorSource source,
        StorageFormat format,
        TensorEncoding encoding,
        Action<TensorSpec> finished,
        CancellationToken cancellationToken)
    {
        TensorPlacement first = parts.First();
        AlignedBuffer item = new(format.RowBytes(first.Columns) * first.ItemRows);
        try
        {
            foreach (TensorPlacement part in parts)
            {
                long rowBytes = format.RowBytes(part.Columns);
                long row = 0;
                Encode(part, source, format, encoding, bytes =>
                {
                    for (; !bytes.IsEmpty; bytes = bytes[(int)rowBytes..], row++)
                    {
                        if (part.IsTransposed)
                        {
                            Scatter(bytes[..(int)rowBytes], item.Pointer, format.BlockBytes, part.RowInItem(row), part.ItemRows);
                        }
                        else
                        {
                            bytes[..(int)rowBytes].CopyTo(item.Span<byte>(part.RowInItem(row) * rowBytes, (int)rowBytes));
                        }
                    }
                }, cancellationToken);
                finished(part.Tensor);
            }

            return item;
        }
        catch
        {
            item.Dispose();
            throw;
        }
    }

    private static void Scatter(ReadOnlySpan<byte> row, byte* item, int elementBytes, long column, long stride)
    {
        switch (elementBytes)
        {
            case 1:
                Scatter(row, item, column, stride);
                break;
            case 2:
                Scatter(MemoryMarshal.Cast<byte, ushort>(row), (ushort*)item, column, stride);
                break;
            default:
                Scatter(MemoryMarshal.Cast<byte, uint>(row), (uint*)item, column, stride);
                break;
        }
    }

    private static void Scatter<T>(ReadOnlySpan<T> row, T* item, long column, long stride)
        where T : unmanaged
    {
        for (int i = 0; i < row.Length; i++)
        {
            item[(i * stride) + column] = row[i];
        }
    }

    private static void Encode(
        TensorPlacement part,
        TensorSource source,
        StorageFormat format,
        TensorEncoding encoding,
        ByteSink sink,
        CancellationToken cancellationToken)
    {
        TensorSpec tensor = part.Tensor;
        Matrix matrix = source.Load(tensor);
        Func<int, int>? order = encoding.RowOrder(tensor);
        if (part.Location.Offset != 0)
        {
            matrix = Shift(matrix, tensor, -part.Location.Offset);
        }

        if (part.SkippedRows > 0)
        {
            matrix = new Matrix(matrix.Format, part.Rows, matrix.Columns, matrix.Data + (part.SkippedRows * matrix.RowBytes), matrix);
            tensor = tensor with { Rows = part.Rows };
        }

        // A vector whose elements move is as many rows of one element.
        if (tensor.IsVector && (order is not null || part.PartRows != part.Rows) && matrix.Rows == 1 && matrix.Format.BlockLength == 1)
        {
            matrix = new Matrix(matrix.Format, matrix.Columns, 1, matrix.Data, matrix);
            tensor = tensor with { Rows = tensor.Columns, Columns = 1 };
        }

        TensorEncoder.Encode(matrix, tensor, format, order, encoding.Importance?.Invoke(part.Tensor) ?? default, sink, cancellationToken);
        GC.KeepAlive(matrix);
    }

    private static Matrix Shift(Matrix stored, TensorSpec tensor, float offset)
    {
        float[] values = GC.AllocateUninitializedArray<float>(checked((int)tensor.ElementCount), pinned: true);
        for (int row = 0; row < stored.Rows; row++)
        {
            stored.Format.Dequantize(
                new ReadOnlySpan<byte>(stored.Data + (row * stored.RowBytes), checked((int)stored.RowBytes)), values.AsSpan(row * stored.Columns, stored.Columns));
        }

        foreach (ref float value in values.AsSpan())
        {
            value += offset;
        }

        fixed (float* data = values)
        {
            // The array is pinned for its whole life; the view keeps it alive.
            return new Matrix(StorageFormats.F32, stored.Rows, stored.Columns, (byte*)data, values);
        }
    }
}
