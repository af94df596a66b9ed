using CsCheck;
using Moiety.Numerics.Formats;

namespace Moiety.Numerics.Tests.Formats;

public sealed class Mxfp4Tests
{
    // OCP Microscaling Formats (MX) Specification 1.0, section 5.3.3.
    private static readonly float[] E2M1 = [0, 0.5f, 1, 1.5f, 2, 3, 4, 6, -0f, -0.5f, -1, -1.5f, -2, -3, -4, -6];

    [Fact]
    public void Elements_have_the_values_of_the_standard()
    {
        byte[] block = new byte[17];
        for (int exponent = 0; exponent < 255; exponent++)
        {
            block[0] = (byte)exponent;
            for (int i = 0; i < 16; i++)
            {
                block[1 + i] = (byte)(i | ((15 - i) << 4));
            }
            float[] values = new float[32];
            StorageFormats.MXFP4.Dequantize(block, values);
            for (int i = 0; i < 16; i++)
            {
                Assert.Equal((float)(E2M1[i] * Math.Pow(2, exponent - 127)), values[i]);
                Assert.Equal((float)(E2M1[15 - i] * Math.Pow(2, exponent - 127)), values[16 + i]);
            }
        }
    }

    [Fact]
    public void Nibbles_in_pairs_are_joined_to_blocks_of_the_same_values()
    {
        Gen.Byte.Array[3 * 17].Sample(bytes =>
        {
            byte[] nibbles = bytes[..48];
            byte[] exponents = bytes[48..];
            byte[] blocks = new byte[51];
            Mxfp4Layout.Join(nibbles, exponents, blocks);
            float[] values = new float[96];
            StorageFormats.MXFP4.Dequantize(blocks, values);
            for (int i = 0; i < 96; i++)
            {
                // As transformers decodes GPT-OSS: even elements from low nibbles, odd ones from high nibbles.
                float expected = E2M1[(nibbles[i / 2] >> (4 * (i % 2))) & 15];
                Assert.Equal((float)(expected * Math.Pow(2, exponents[i / 32] - 127)), values[i]);
            }
            byte[] nibblesAgain = new byte[48];
            byte[] exponentsAgain = new byte[3];
            Mxfp4Layout.Split(blocks, nibblesAgain, exponentsAgain);
            Assert.Equal(nibbles, nibblesAgain);
            Assert.Equal(exponents, exponentsAgain);
        });
    }

    [Fact]
    public void Spans_of_different_numbers_of_blocks_are_refused()
    {
        Assert.Throws<ArgumentException>(() => Mxfp4Layout.Join(new byte[32], new byte[2], new byte[33]));
        Assert.Throws<ArgumentException>(() => Mxfp4Layout.Join(new byte[31], new byte[2], new byte[34]));
        Assert.Throws<ArgumentException>(() => Mxfp4Layout.Split(new byte[34], new byte[32], new byte[3]));
    }
}
