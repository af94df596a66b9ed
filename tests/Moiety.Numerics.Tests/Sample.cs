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
        format.Quantize(Values(rows * columns, seed), buffer.Span<byte>(0, (int)buffer.ByteLength));
        return new Matrix(format, rows, columns, buffer.Pointer, buffer);
    }

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
}
