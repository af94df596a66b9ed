using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints;

/// <summary>Finds NaN and infinity in stored tensors at about the speed of reading them.</summary>
internal static unsafe class FiniteScan
{
    private const uint SingleExponent = 0x7F80_0000;
    private const ushort HalfExponent = 0x7C00;
    private const ushort BrainExponent = 0x7F80;

    // A chunk's result depends on nothing but its bytes, so the split does not change the answer.
    private const int ChunkBytes = 1 << 20;

    // Of masked bits at a time: they stay in the first-level cache.
    private const int StepBytes = 4096;

    /// <summary>Index (row-major) of the first element that is not finite, or -1.</summary>
    public static long FindNonFinite(Matrix matrix, CancellationToken cancellationToken = default)
    {
        if (matrix.ByteLength == 0)
        {
            return -1;
        }

        int rowsPerChunk = (int)Math.Clamp(ChunkBytes / matrix.RowBytes, 1, matrix.Rows);
        int chunks = (matrix.Rows + rowsPerChunk - 1) / rowsPerChunk;
        if (chunks == 1)
        {
            return FindInRows(matrix, 0, matrix.Rows);
        }

        long first = long.MaxValue;
        object gate = new();
        Parallel.For(0, chunks, new ParallelOptions { CancellationToken = cancellationToken }, chunk =>
        {
            int row = chunk * rowsPerChunk;
            long found = FindInRows(matrix, row, Math.Min(rowsPerChunk, matrix.Rows - row));
            if (found >= 0)
            {
                lock (gate)
                {
                    first = Math.Min(first, found);
                }
            }
        });
        return first == long.MaxValue ? -1 : first;
    }

    /// <summary>Index of the first element that is not finite in whole rows of blocks, or -1.</summary>
    public static long FindNonFinite(StorageFormat format, ReadOnlySpan<byte> data)
    {
        if (format == StorageFormats.F32)
        {
            return Find(MemoryMarshal.Cast<byte, uint>(data), SingleExponent);
        }

        if (format == StorageFormats.F16)
        {
            return Find(MemoryMarshal.Cast<byte, ushort>(data), HalfExponent);
        }

        return format == StorageFormats.BF16
            ? Find(MemoryMarshal.Cast<byte, ushort>(data), BrainExponent)
            : FindInBlocks(format, data);
    }

    private static long FindInRows(Matrix matrix, int row, int rows)
    {
        for (int i = row; i < row + rows; i++)
        {
            for (long start = 0; start < matrix.RowBytes; start += ChunkBytes / matrix.Format.BlockBytes * matrix.Format.BlockBytes)
            {
                long bytes = Math.Min(ChunkBytes / matrix.Format.BlockBytes * matrix.Format.BlockBytes, matrix.RowBytes - start);
                long found = FindNonFinite(matrix.Format, new ReadOnlySpan<byte>(matrix.Data + (i * matrix.RowBytes) + start, (int)bytes));
                if (found >= 0)
                {
                    return ((long)i * matrix.Columns) + (start / matrix.Format.BlockBytes * matrix.Format.BlockLength) + found;
                }
            }
        }

        return -1;
    }

    private static long Find<T>(ReadOnlySpan<T> bits, T exponent)
        where T : unmanaged, IBinaryInteger<T>
    {
        // A number is finite exactly when its exponent is not all ones.
        int step = StepBytes / sizeof(T);
        Span<T> masked = stackalloc T[step];
        for (int start = 0; start < bits.Length; start += step)
        {
            ReadOnlySpan<T> part = bits[start..Math.Min(start + step, bits.Length)];
            TensorPrimitives.BitwiseAnd(part, exponent, masked);
            int index = masked[..part.Length].IndexOf(exponent);
            if (index >= 0)
            {
                return start + index;
            }
        }

        return -1;
    }

    private static long FindInBlocks(StorageFormat format, ReadOnlySpan<byte> data)
    {
        int blocks = data.Length / format.BlockBytes;
        int blocksPerStep = Math.Min(blocks, Math.Max(1, StepBytes / format.BlockLength));
        float[] values = new float[blocksPerStep * format.BlockLength];
        for (int block = 0; block < blocks; block += blocksPerStep)
        {
            int count = Math.Min(blocksPerStep, blocks - block);
            Span<float> part = values.AsSpan(0, count * format.BlockLength);
            format.Dequantize(data.Slice(block * format.BlockBytes, count * format.BlockBytes), part);
            int index = part.IndexOfAnyExceptInRange(float.MinValue, float.MaxValue);
            if (index >= 0)
            {
                return ((long)block * format.BlockLength) + index;
            }
        }

        return -1;
    }
}
