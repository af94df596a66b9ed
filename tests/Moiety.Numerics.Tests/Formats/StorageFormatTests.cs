using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using CsCheck;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Tests.Formats;

public sealed unsafe class StorageFormatTests
{
    [Fact]
    public void A_Q8_0_block_is_a_half_scale_and_32_rounded_bytes()
    {
        // d = 254 / 127 = 2; 1 / 2 and 3 / 2 are halfway and go away from zero.
        float[] values = new float[32];
        (values[0], values[1], values[2], values[3], values[31]) = (254, 1, 3, -1, -254);
        byte[] block = new byte[34];
        StorageFormats.Q8_0.Quantize(values, block);
        Assert.Equal(Half.CreateChecked(2), BitConverter.ToHalf(block));
        byte[] expected = new byte[32];
        (expected[0], expected[1], expected[2], expected[3], expected[31]) = (127, 1, 2, 0xFF, 0x81);
        Assert.Equal(expected, block[2..]);
    }

    [Fact]
    public void A_Q4_0_block_keeps_element_i_low_and_element_i_plus_16_high()
    {
        // The largest magnitude is −16: d = −16 / −8 = 2, q = x / 2 + 8.
        float[] values = new float[32];
        (values[0], values[1], values[16], values[17], values[15]) = (-16, 14, 2, -4, 15.9f);
        byte[] block = new byte[18];
        StorageFormats.Q4_0.Quantize(values, block);
        Assert.Equal(Half.CreateChecked(2), BitConverter.ToHalf(block));
        Assert.Equal(0x90, block[2]);
        Assert.Equal(0x6F, block[3]);
        Assert.Equal(0x8F, block[2 + 15]);
        Assert.Equal(0x88, block[2 + 5]);
        float[] decoded = new float[32];
        StorageFormats.Q4_0.Dequantize(block, decoded);
        Assert.Equal([-16, 14, 2, -4, 14], [decoded[0], decoded[1], decoded[16], decoded[17], decoded[15]]);
    }

    [Fact]
    public void A_Q4_0_scale_takes_the_sign_of_the_largest_magnitude()
    {
        float[] values = new float[32];
        values[3] = 8;
        byte[] block = new byte[18];
        StorageFormats.Q4_0.Quantize(values, block);
        Assert.Equal(Half.NegativeOne, BitConverter.ToHalf(block));
        Assert.Equal(0x80, block[2 + 3]);
    }

    [Theory]
    [InlineData("Q8_0")]
    [InlineData("Q4_0")]
    public void Zeros_stay_zeros(string name)
    {
        StorageFormat format = StorageFormats.ByName(name);
        byte[] blocks = new byte[format.RowBytes(64)];
        float[] decoded = Sample.Values(64, 1);
        format.Quantize(new float[64], blocks);
        format.Dequantize(blocks, decoded);
        Assert.All(decoded, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData("Q8_0", 127)]
    [InlineData("Q4_0", 8)]
    public void Quantization_errs_by_half_a_step_at_most(string name, int steps)
    {
        StorageFormat format = StorageFormats.ByName(name);
        Gen.ULong.Sample(
            seed =>
            {
                float[] values = Sample.Values(96, seed);
                byte[] blocks = new byte[format.RowBytes(96)];
                float[] decoded = new float[96];
                format.Quantize(values, blocks);
                format.Dequantize(blocks, decoded);
                for (int i = 0; i < 96; i++)
                {
                    float largest = values.AsSpan(i / 32 * 32, 32).ToArray().Max(MathF.Abs);

                    // Q4_0 reaches from −8 to 7 steps: at its far end the error is a whole step. The scale is a half (11 bits).
                    float step = largest / steps;
                    float allowed = (steps == 8 ? 1 : 0.5f) * step * 1.001f;
                    Assert.True(MathF.Abs(values[i] - decoded[i]) <= allowed + (largest / 1024), $"{values[i]} became {decoded[i]}, step {step}");
                }
            },
            iter: 200);
    }

    [Fact]
    public void Q8_0_follows_the_reference_quantizer()
    {
        Gen.Float[-1000, 1000].Array[32].Sample(
            values =>
            {
                byte[] block = new byte[34];
                StorageFormats.Q8_0.Quantize(values, block);
                float largest = values.Max(MathF.Abs);
                float scale = largest / 127;
                float inverse = scale != 0 ? 1 / scale : 0;
                Assert.Equal((Half)scale, BitConverter.ToHalf(block));
                for (int i = 0; i < 32; i++)
                {
                    Assert.Equal((sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero), (sbyte)block[2 + i]);
                }
            },
            iter: 2000);
    }

    [Fact]
    public void Every_half_is_widened_exactly_at_every_width()
    {
        for (int bits = 0; bits <= ushort.MaxValue; bits++)
        {
            float expected = (float)BitConverter.UInt16BitsToHalf((ushort)bits);
            AssertSame(expected, Lanes128.HalfToSingle(Vector128.Create((uint)bits))[3]);
            AssertSame(expected, Lanes256.HalfToSingle(Vector256.Create((uint)bits))[7]);
            AssertSame(expected, Lanes512.HalfToSingle(Vector512.Create((uint)bits))[15]);
        }
    }

    [Theory]
    [InlineData("F16")]
    [InlineData("BF16")]
    public void Every_16_bit_pattern_survives_decoding_and_encoding(string name)
    {
        StorageFormat format = StorageFormats.ByName(name);
        ushort[] patterns = [.. Enumerable.Range(0, 65536).Select(bits => (ushort)bits)];
        float[] values = new float[65536];
        ushort[] again = new ushort[65536];
        format.Dequantize(MemoryMarshal.AsBytes(patterns.AsSpan()), values);
        format.Quantize(values, MemoryMarshal.AsBytes(again.AsSpan()));
        for (int i = 0; i < patterns.Length; i++)
        {
            Assert.True(patterns[i] == again[i] || float.IsNaN(values[i]), $"{patterns[i]:X4} became {again[i]:X4}");
        }
    }

    [Fact]
    public void BF16_rounds_to_nearest_even_and_keeps_NaN()
    {
        (uint Single, ushort Expected)[] cases =
        [
            (0x3F808000, 0x3F80), (0x3F818000, 0x3F82), (0x3F808001, 0x3F81), (0x7F7FFFFF, 0x7F80), (0x7F800001, 0x7FC0), (0x80000001, 0x8000),
        ];
        float[] values = [.. cases.Select(item => BitConverter.UInt32BitsToSingle(item.Single))];
        byte[] encoded = new byte[values.Length * 2];
        StorageFormats.BF16.Quantize(values, encoded);
        Assert.Equal(cases.Select(item => item.Expected), MemoryMarshal.Cast<byte, ushort>(encoded).ToArray());
        float[] many = [.. Enumerable.Range(0, 70).Select(i => values[i % values.Length])];
        byte[] manyEncoded = new byte[140];
        StorageFormats.BF16.Quantize(many, manyEncoded);
        Assert.Equal(Enumerable.Range(0, 70).Select(i => cases[i % cases.Length].Expected), MemoryMarshal.Cast<byte, ushort>(manyEncoded).ToArray());
    }

    [Fact]
    public void Formats_are_found_by_name_and_an_unknown_name_lists_them()
    {
        Assert.All(StorageFormats.All, format => Assert.Same(format, StorageFormats.ByName(format.Name.ToLowerInvariant())));
        string message = Assert.Throws<ArgumentException>(() => StorageFormats.ByName("Q9_9")).Message;
        Assert.All(StorageFormats.All, format => Assert.Contains(format.Name, message));
    }

    [Fact]
    public void Spans_that_do_not_cover_the_same_blocks_are_refused()
    {
        foreach (StorageFormat format in StorageFormats.All)
        {
            Assert.Throws<ArgumentException>(() => format.Quantize(new float[256], new byte[format.RowBytes(256) - 1]));
            Assert.Throws<ArgumentException>(() => format.Dequantize(new byte[format.RowBytes(256) + 1], new float[256]));
        }
        Assert.Contains("32", Assert.Throws<ArgumentException>(() => StorageFormats.Q4_0.RowBytes(33)).Message);
    }

    [Fact]
    public void Rows_that_are_no_whole_super_blocks_fall_back_to_blocks_of_32_and_then_to_F16()
    {
        foreach (StorageFormat format in StorageFormats.All)
        {
            Assert.Same(format, format.ForColumns(512));
            Assert.Same(format.BlockLength == 1 ? format : StorageFormats.F16, format.ForColumns(100));
            StorageFormat narrow = format.ForColumns(96);
            Assert.True(format.BlockLength <= 32 ? narrow == format : narrow.BlockLength == 32 && narrow.CanQuantize);
            Assert.InRange(narrow.BitsPerElement, format.BitsPerElement, format.BitsPerElement + 2);
        }
        Assert.Same(StorageFormats.Q5_0, StorageFormats.Q4_K.ForColumns(96));
    }

    [Fact]
    public void Formats_are_listed_by_size()
    {
        Assert.Equal(StorageFormats.All.OrderByDescending(format => format.BitsPerElement), StorageFormats.All);
        Assert.Equal((4.5, 6.5625, 4.25, 8.5), (StorageFormats.Q4_K.BitsPerElement, StorageFormats.Q6_K.BitsPerElement, StorageFormats.MXFP4.BitsPerElement, StorageFormats.Q8_0.BitsPerElement));
    }

    private static void AssertSame(float expected, float actual) =>
        Assert.True(
            BitConverter.SingleToInt32Bits(expected) == BitConverter.SingleToInt32Bits(actual) || (float.IsNaN(expected) && float.IsNaN(actual)),
            $"expected {expected:R}, got {actual:R}");
}
