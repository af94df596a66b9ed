using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Randomness;
using Moiety.Numerics.Tests.Products;

namespace Moiety.Numerics.Tests.Formats;

/// <summary>Blocks that no quantizer writes but a file may hold: any bytes, with all scales and minimums that there are.</summary>
public sealed unsafe class HostileBlockTests
{
    public static TheoryData<string, string> FormatsAndKernels => MatrixProductTests.FormatsAndKernels();

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void Any_bytes_are_multiplied_as_they_are_decoded(string formatName, string kernels)
    {
        const int Rows = 61;
        StorageFormat format = StorageFormats.ByName(formatName);
        int columns = Sample.Whole(format, 32 * 13);
        for (ulong seed = 0; seed < 6; seed++)
        {
            Matrix weights = Random(format, Rows, columns, seed);
            float[] w = Sample.Decode(weights);
            float[] x = MatrixProductTests.RoundedAsPrepared(format, Sample.Values(6 * columns, seed + 100));
            float[] many = InvarianceTests.Multiply(weights, x, 6, Enum.Parse<KernelSet>(kernels), threads: 1);
            float[] alone = InvarianceTests.Multiply(weights, x.AsSpan(0, columns), 1, Enum.Parse<KernelSet>(kernels), threads: 1);
            for (int i = 0; i < many.Length; i++)
            {
                ReadOnlySpan<float> row = w.AsSpan(i % Rows * columns, columns);
                ReadOnlySpan<float> ofX = x.AsSpan(i / Rows * columns, columns);
                double magnitude = Sample.Magnitude(row, ofX);
                if (!(magnitude < float.MaxValue))
                {
                    // NaN or infinity among the scales, or an overflow: enough that the product came back.
                    continue;
                }
                Assert.Equal(Sample.Dot(row, ofX), many[i], (3e-6 * magnitude) + 1e-40);
                if (i < Rows)
                {
                    Assert.Equal(BitConverter.SingleToInt32Bits(many[i]), BitConverter.SingleToInt32Bits(alone[i]));
                }
            }
        }
    }

    [Theory]
    [MemberData(nameof(FormatsAndKernels))]
    public void The_largest_integers_do_not_saturate(string formatName, string kernels)
    {
        StorageFormat format = StorageFormats.ByName(formatName);
        Assert.SkipWhen(format.Activations == ActivationForms.Single, "has no integers");
        int columns = Sample.Whole(format, 32 * 9);
        foreach (byte bits in new byte[] { 0xFF, 0x80, 0x7F, 0x08, 0x77, 0x88, 0x00 })
        {
            Matrix weights = Filled(format, columns, bits);
            float[] w = Sample.Decode(weights);
            foreach (float value in new[] { 127f, -127f })
            {
                float[] x = new float[5 * columns];
                Array.Fill(x, value);
                double expected = Sample.Dot(w, x.AsSpan(0, columns));
                double magnitude = Sample.Magnitude(w, x.AsSpan(0, columns));
                foreach (int n in new[] { 1, 5 })
                {
                    float[] y = InvarianceTests.Multiply(weights, x.AsSpan(0, n * columns), n, Enum.Parse<KernelSet>(kernels), threads: 1);
                    Assert.All(y, actual => Assert.Equal(expected, actual, (1e-6 * magnitude) + 1e-30));
                }
            }
        }
    }

    private static Matrix Random(StorageFormat format, int rows, int columns, ulong seed)
    {
        AlignedBuffer buffer = new(format.RowBytes(columns) * rows);
        SplitMix64 random = new(seed);
        foreach (ref byte value in buffer.Span<byte>(0, (int)buffer.ByteLength))
        {
            value = (byte)(random.Next() >> 40);
        }
        return new Matrix(format, rows, columns, buffer.Pointer, buffer);
    }

    /// <summary>One row of equal bytes; the half-precision scales are 1 and 3.</summary>
    private static Matrix Filled(StorageFormat format, int columns, byte bits)
    {
        AlignedBuffer buffer = new(format.RowBytes(columns));
        Span<byte> row = buffer.Span<byte>(0, (int)buffer.ByteLength);
        row.Fill(bits);
        (int at, int halves) = format.Name switch
        {
            "Q4_1" or "Q5_1" or "Q4_K" or "Q5_K" => (0, 2),
            "Q2_K" => (80, 2),
            "Q3_K" => (108, 1),
            "Q6_K" => (208, 1),
            "MXFP4" => (0, 0),
            _ => (0, 1),
        };
        for (int block = 0; block < row.Length; block += format.BlockBytes)
        {
            for (int i = 0; i < halves; i++)
            {
                BitConverter.TryWriteBytes(row[(block + at + (2 * i))..], (Half)(1 + (2 * i)));
            }
            if (halves == 0)
            {
                row[block] = 127;
            }
        }
        return new Matrix(format, 1, columns, buffer.Pointer, buffer);
    }
}
