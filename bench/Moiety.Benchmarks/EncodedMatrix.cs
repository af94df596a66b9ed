using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Benchmarks;

/// <summary>Matrices and activations whose values do not matter, in memory that kernels like.</summary>
internal static class EncodedMatrix
{
    /// <summary>A matrix of one repeated row.</summary>
    public static unsafe Matrix Create(StorageFormat format, int rows, int columns)
    {
        long rowBytes = format.RowBytes(columns);
        AlignedBuffer memory = new(rowBytes * rows, PageKind.Huge);
        float[] values = new float[columns];
        Fill(values);
        Span<byte> first = memory.Span<byte>(0, checked((int)rowBytes));
        if (format.CanQuantize)
        {
            format.Quantize(values, first);
        }
        else
        {
            // Any bytes; of F8_E4M3 these are numbers.
            for (int i = 0; i < first.Length; i++)
            {
                first[i] = (byte)(i % 120);
            }
        }
        for (int row = 1; row < rows; row++)
        {
            first.CopyTo(memory.Span<byte>(row * rowBytes, first.Length));
        }
        return new Matrix(format, rows, columns, memory.Pointer, memory);
    }

    /// <summary>Activations.</summary>
    public static AlignedBuffer Activations(int rows, int columns)
    {
        AlignedBuffer memory = new((long)rows * columns * sizeof(float));
        Fill(memory.Span<float>(0, rows * columns));
        return memory;
    }

    /// <summary>Values of both signs, none of them special.</summary>
    public static void Fill(Span<float> values)
    {
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = MathF.Sin(i * 0.37f);
        }
    }
}
