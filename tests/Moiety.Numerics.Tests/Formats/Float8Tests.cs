using System.Runtime.InteropServices;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Tests.Products;

namespace Moiety.Numerics.Tests.Formats;

public sealed unsafe class Float8Tests
{
    [Fact]
    public void Every_pattern_has_the_value_that_the_format_is_defined_by()
    {
        byte[] patterns = [.. Enumerable.Range(0, 256).Select(bits => (byte)bits)];
        float[] values = new float[256];
        StorageFormats.F8_E4M3.Dequantize(patterns, values);
        Assert.Equal(patterns.Select(Defined), values);
        Assert.Equal(448, values[0x7E]);
        Assert.Equal(MathF.ScaleB(1, -9), values[1]);
        Assert.True(float.IsNegative(values[0x80]));
    }

    [Fact]
    public void Products_see_the_same_values_at_every_width()
    {
        // One weight other than zero in a row: the product is the weight, whichever lane it falls into.
        using AlignedBuffer memory = new(256 * 37);
        memory.Span<byte>(0, 256 * 37).Clear();
        for (int bits = 0; bits < 256; bits++)
        {
            memory.Span<byte>(0, 256 * 37)[(bits * 37) + (bits % 37)] = (byte)bits;
        }
        Matrix weights = new(StorageFormats.F8_E4M3, 256, 37, memory.Pointer, memory);
        float[] x = new float[5 * 37];
        Array.Fill(x, 1);
        foreach (KernelSet set in Enum.GetValues<KernelSet>().Where(KernelSets.Supports))
        {
            foreach (int n in new[] { 1, 5 })
            {
                float[] y = InvarianceTests.Multiply(weights, x.AsSpan(0, n * 37), n, set, threads: 1);
                for (int i = 0; i < y.Length; i++)
                {
                    Assert.Equal(Defined((byte)(i % 256)), y[i]);
                }
            }
        }
    }

    [Fact]
    public void It_is_read_only()
    {
        Assert.False(StorageFormats.F8_E4M3.CanQuantize);
        Assert.Equal(StorageFormats.All.Where(format => format != StorageFormats.F8_E4M3), StorageFormats.Writable);
        Assert.Contains("read only", Assert.Throws<NotSupportedException>(() => StorageFormats.F8_E4M3.Quantize(new float[3], new byte[3])).Message);
        Assert.Throws<NotSupportedException>(() => StorageFormats.F8_E4M3.Quantize(new float[3], new byte[3], new float[3]));
    }

    [Fact]
    public void Rounding_goes_to_the_nearest_element_and_from_the_middle_to_the_even_one()
    {
        // Every pair of neighbors: the elements themselves, the middle, and the singles right below and above it.
        for (int bits = 0; bits < 0x7E; bits++)
        {
            float low = Defined((byte)bits);
            float high = Defined((byte)(bits + 1));
            float middle = (low + high) / 2;
            int even = bits % 2 == 0 ? bits : bits + 1;
            foreach ((float value, int expected) in new[]
            {
                (low, bits), (MathF.BitIncrement(low), bits), (MathF.BitDecrement(middle), bits), (middle, even),
                (MathF.BitIncrement(middle), bits + 1), (MathF.BitDecrement(high), bits + 1), (high, bits + 1),
            })
            {
                Assert.Equal((byte)expected, F8_E4M3.Round(value));
                Assert.Equal((byte)(expected | 0x80), F8_E4M3.Round(-value));
            }
        }
        Assert.All(new[] { 448f, 463f, 464f, 465f, 480f, 1e30f, float.PositiveInfinity }, value => Assert.Equal((0x7E, 0xFE), (F8_E4M3.Round(value), F8_E4M3.Round(-value))));
        Assert.Equal(0x7F, F8_E4M3.Round(float.NaN) & 0x7F);
        Assert.Equal((0, 0x80), (F8_E4M3.Round(float.Epsilon), F8_E4M3.Round(-float.Epsilon)));
    }

    [Fact]
    public void Compressed_values_are_the_nearest_multiples_of_the_scale_of_their_block()
    {
        const int Rows = 3, Columns = 70, Block = 32;
        float[] values = Sample.Values(Rows * Columns, 3);
        for (int row = 0; row < Rows; row++)
        {
            values.AsSpan((row * Columns) + 64, 6).Clear();
        }
        float[] scales = new float[3];
        byte[] weights = new byte[values.Length];
        ScaledFloat8.Scales(values, Columns, Block, scales);
        ScaledFloat8.Compress(values, scales, Columns, Block, weights);
        double[] elements = [.. Enumerable.Range(0, 256).Where(bits => (bits & 0x7F) != 0x7F).Select(bits => (double)Defined((byte)bits))];
        for (int block = 0; block < scales.Length; block++)
        {
            float largest = Enumerable.Range(0, values.Length).Where(i => i % Columns / Block == block).Max(i => MathF.Abs(values[i]));
            Assert.Equal(largest == 0 ? 1 : largest / 448, scales[block]);
        }
        for (int i = 0; i < values.Length; i++)
        {
            double scale = scales[i % Columns / Block];
            double found = Math.Abs((Defined(weights[i]) * scale) - values[i]);
            Assert.InRange(found, 0, elements.Min(element => Math.Abs((element * scale) - values[i])) + (1e-6 * Math.Abs(values[i])));
        }
        Assert.Throws<ArgumentException>(() => ScaledFloat8.Scales(values, Columns, Block, new float[2]));
        Assert.Throws<ArgumentException>(() => ScaledFloat8.Compress(values, scales, Columns, Block, new byte[1]));
    }

    [Theory]
    [InlineData(300, 260, 128, 128)]
    [InlineData(256, 128, 128, 128)]
    [InlineData(5, 70, 1, 70)]
    [InlineData(7, 33, 7, 33)]
    [InlineData(3, 40, 2, 16)]
    public void Scales_multiply_their_rectangle_before_the_one_rounding_to_BF16(int rows, int columns, int blockRows, int blockColumns)
    {
        int scaleColumns = (columns + blockColumns - 1) / blockColumns;
        byte[] weights = [.. Sample.Values(rows * columns, 1).Select(value => (byte)(BitConverter.SingleToInt32Bits(value) & 0xFF))];
        float[] scales = Sample.Values((rows + blockRows - 1) / blockRows * scaleColumns, 2);
        byte[] brains = new byte[rows * columns * 2];
        fixed (byte* w = weights, b = brains)
        fixed (float* s = scales)
        {
            ScaledFloat8.Expand(w, s, rows, columns, blockRows, blockColumns, b);
        }
        float[] values = new float[rows * columns];
        StorageFormats.BF16.Dequantize(brains, values);
        for (int i = 0; i < values.Length; i++)
        {
            float single = Defined(weights[i]) * scales[(i / columns / blockRows * scaleColumns) + (i % columns / blockColumns)];
            byte[] rounded = new byte[2];
            StorageFormats.BF16.Quantize([single], rounded);
            Assert.Equal(float.IsNaN(single) ? (ushort)0x7FC0 : MemoryMarshal.Read<ushort>(rounded), float.IsNaN(single) ? (ushort)(MemoryMarshal.Read<ushort>(brains.AsSpan(2 * i)) & 0x7FFF) : MemoryMarshal.Read<ushort>(brains.AsSpan(2 * i)));
        }
    }

    [Fact]
    public void Empty_rectangles_are_refused()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ScaledFloat8.Expand(null, null, 1, 1, 0, 1, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => ScaledFloat8.Expand(null, null, 1, 1, 1, 0, null));
        Assert.Throws<ArgumentOutOfRangeException>(() => ScaledFloat8.Expand(null, null, -1, 1, 1, 1, null));
        ScaledFloat8.Expand(null, null, 0, 0, 128, 128, null);
    }

    private static float Defined(byte bits)
    {
        int exponent = (bits >> 3) & 15;
        int fraction = bits & 7;
        float magnitude = (exponent, fraction) switch
        {
            (15, 7) => float.NaN,
            (0, _) => MathF.ScaleB(fraction / 8f, -6),
            _ => MathF.ScaleB(1 + (fraction / 8f), exponent - 7),
        };
        return bits < 128 ? magnitude : -magnitude;
    }
}
