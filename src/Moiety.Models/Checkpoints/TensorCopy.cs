using System.Runtime.ExceptionServices;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>
/// Copies a tensor out of a file that has it in another layout. Rows are whole blocks in every format, so moving rows keeps the bits
/// of quantized weights; transposing them takes decoding first.
/// </summary>
internal static unsafe class TensorCopy
{
    // Rows and columns of a tile: reads and writes of one both stay in the first-level cache.
    private const int Tile = 32;
    private const long ParallelBytes = 1 << 20;

    /// <summary>Fills memory with the canonical tensor.</summary>
    /// <param name="placement">Where it lies in the file's tensor.</param>
    /// <param name="source">The file's tensor; null when it is absent and has one value throughout.</param>
    /// <param name="target">Rows in the format that <see cref="TensorPlacement.FormatFor"/> tells.</param>
    public static void Fill(TensorPlacement placement, FileTensor? source, byte* target)
    {
        if (source is null)
        {
            new Span<float>(target, checked((int)placement.Tensor.ElementCount)).Fill(placement.Location.Absent!.Value);
        }
        else if (placement.IsTransposed)
        {
            Transpose(placement, source, target);
        }
        else if (placement.Location.Offset != 0)
        {
            Shift(placement, source, target);
        }
        else
        {
            CopyRows(placement, source, target);
        }
    }

    private static void CopyRows(TensorPlacement placement, FileTensor source, byte* target)
    {
        long rowBytes = source.Format.RowBytes(placement.Columns);
        long start = placement.StackIndex * placement.ItemRows;
        long runBytes = placement.PartRows * rowBytes;
        int runs = (int)(placement.Rows / placement.PartRows);
        void Copy(int run) => source.Read((start + placement.RowInItem(run * placement.PartRows)) * rowBytes, runBytes, target + (run * runBytes));
        if (runs == 1 || runs * runBytes < ParallelBytes)
        {
            for (int run = 0; run < runs; run++)
            {
                Copy(run);
            }
        }
        else
        {
            try
            {
                Parallel.For(0, runs, Copy);
            }
            catch (AggregateException errors) when (errors.InnerException is InvalidInputException error)
            {
                ExceptionDispatchInfo.Throw(error);
            }
        }
    }

    // Offsets belong to norms: short, so nothing here is in a hurry.
    private static void Shift(TensorPlacement placement, FileTensor source, byte* target)
    {
        long bytes = source.Format.RowBytes(placement.Tensor.Columns) * placement.Tensor.Rows;
        using AlignedBuffer stored = new(bytes);
        CopyRows(placement, source, stored.Pointer);
        Span<float> values = new(target, checked((int)placement.Tensor.ElementCount));
        source.Format.Dequantize(stored.Span<byte>(0, checked((int)bytes)), values);
        foreach (ref float value in values)
        {
            value += placement.Location.Offset;
        }
    }

    private static void Transpose(TensorPlacement placement, FileTensor source, byte* target)
    {
        StorageFormat format = source.Format;
        long rowBytes = format.RowBytes(placement.ItemRows);
        long itemBytes = rowBytes * placement.Columns;
        AlignedBuffer? item = null;
        AlignedBuffer? decoded = null;
        try
        {
            byte* stored = source.Data + (placement.StackIndex * itemBytes);
            if (source.Data is null)
            {
                item = new AlignedBuffer(itemBytes);
                source.Read(placement.StackIndex * itemBytes, itemBytes, item.Pointer);
                stored = item.Pointer;
            }

            if (format.BlockLength > 1)
            {
                decoded = Decode(format, stored, placement.Columns, checked((int)placement.ItemRows));
                stored = decoded.Pointer;
                format = StorageFormats.F32;
            }

            switch (format.BlockBytes)
            {
                case 1:
                    Transpose<byte>(placement, stored, target);
                    break;
                case 2:
                    Transpose<ushort>(placement, stored, target);
                    break;
                default:
                    Transpose<uint>(placement, stored, target);
                    break;
            }
        }
        finally
        {
            item?.Dispose();
            decoded?.Dispose();
        }
    }

    private static AlignedBuffer Decode(StorageFormat format, byte* stored, int rows, int columns)
    {
        AlignedBuffer decoded = new((long)rows * columns * sizeof(float));
        float* values = decoded.As<float>();
        int rowBytes = checked((int)format.RowBytes(columns));
        Parallel.For(0, rows, row => format.Dequantize(
            new ReadOnlySpan<byte>(stored + ((long)row * rowBytes), rowBytes), new Span<float>(values + ((long)row * columns), columns)));
        return decoded;
    }

    private static void Transpose<T>(TensorPlacement placement, byte* stored, byte* target)
        where T : unmanaged
    {
        int rows = placement.Rows;
        int columns = placement.Columns;
        long stride = placement.ItemRows;
        Parallel.For(0, (rows + Tile - 1) / Tile, tile =>
        {
            T* from = (T*)stored;
            T* to = (T*)target;
            int last = Math.Min((tile + 1) * Tile, rows);
            for (int left = 0; left < columns; left += Tile)
            {
                int right = Math.Min(left + Tile, columns);
                for (int row = tile * Tile; row < last; row++)
                {
                    T* element = from + placement.RowInItem(row);
                    for (int column = left; column < right; column++)
                    {
                        to[((long)row * columns) + column] = element[column * stride];
                    }
                }
            }
        });
    }
}
