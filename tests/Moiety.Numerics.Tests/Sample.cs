using Moiety.Numerics.Formats;
using Moiety.Numerics.Randomness;

namespace Moiety.Numerics.Tests;

/// <summary>Reproducible random values and encoded matrices for the tests, and the slow obvious product.</summary>
internal static unsafe class Sample
{
    /// <summary>Values in [−1, 1) from a seed.</summary>
    public static float[] Values(int count, ulong seed)
    {
        float[] values = new float[count];
        SplitMix64 random = new(seed);
        for (int i = 0; i < count; i++)
        {
            values[i] = (int)(random.Next() >> 40) / (float)(1 << 23) - 1;
        }

        return values;
    }

    /// <summary>An encoded random matrix.</summary>
    public static Matrix Matrix(StorageFormat format, int rows, int columns, ulong seed)
    {
        AlignedBuffer buffer = new(format.RowBytes(columns) * rows);
        Span<byte> bytes = buffer.Span<byte>(0, (int)buffer.ByteLength);
        if (format.CanQuantize)
        {
            format.Quantize(Values(rows * columns, seed), bytes);
        }
        else
        {
            Float8(bytes, seed);
        }
        return new Matrix(format, rows, columns, buffer.Pointer, buffer);
    }

    /// <summary>Columns rounded up to whole blocks.</summary>
    public static int Whole(StorageFormat format, int columns) =>
        (columns + format.BlockLength - 1) / format.BlockLength * format.BlockLength;

    /// <summary>The matrix as singles.</summary>
    public static float[] Decode(Matrix matrix)
    {
        float[] values = new float[matrix.Rows * matrix.Columns];
        matrix.Format.Dequantize(new ReadOnlySpan<byte>(matrix.Data, (int)matrix.ByteLength), values);
        return values;
    }

    /// <summary>Σ w·x in double precision.</summary>
    public static double Dot(ReadOnlySpan<float> w, ReadOnlySpan<float> x)
    {
        double sum = 0;
        for (int i = 0; i < w.Length; i++)
        {
            sum += (double)w[i] * x[i];
        }
        return sum;
    }

    /// <summary>Σ |w·x| in double precision: the scale of a rounding error.</summary>
    public static double Magnitude(ReadOnlySpan<float> w, ReadOnlySpan<float> x)
    {
        double sum = 0;
        for (int i = 0; i < w.Length; i++)
        {
            sum += Math.Abs((double)w[i] * x[i]);
        }
        return sum;
    }

    /// <summary>Random F8_E4M3 below 2 in magnitude.</summary>
    private static void Float8(Span<byte> bytes, ulong seed)
    {
        SplitMix64 random = new(seed);
        foreach (ref byte value in bytes)
        {
            value = (byte)((random.Next() >> 40) & 0xBF);
        }
    }
}
