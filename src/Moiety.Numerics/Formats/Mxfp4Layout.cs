namespace Moiety.Numerics.Formats;

/// <summary>Turns the MXFP4 of GPT-OSS's safetensors files into that of GGUF, and back.</summary>
public static class Mxfp4Layout
{
    private const int NibbleBytes = 16;
    private const int BlockBytes = NibbleBytes + 1;

    /// <summary>Makes blocks of 17 bytes of separate nibbles and exponents.</summary>
    /// <param name="nibbles">16 bytes for each block; byte i holds elements 2i (low) and 2i + 1 (high).</param>
    /// <param name="exponents">One byte for each block.</param>
    /// <param name="blocks">17 bytes for each block: the exponent, then bytes that hold elements i (low) and i + 16 (high).</param>
    /// <exception cref="ArgumentException">The spans are not of the same number of blocks.</exception>
    public static void Join(ReadOnlySpan<byte> nibbles, ReadOnlySpan<byte> exponents, Span<byte> blocks)
    {
        Check(nibbles.Length, exponents.Length, blocks.Length);
        for (int b = 0; b < exponents.Length; b++)
        {
            ReadOnlySpan<byte> pairs = nibbles.Slice(b * NibbleBytes, NibbleBytes);
            Span<byte> block = blocks.Slice(b * BlockBytes, BlockBytes);
            block[0] = exponents[b];
            for (int i = 0; i < NibbleBytes; i++)
            {
                block[1 + i] = (byte)(Element(pairs, i) | (Element(pairs, i + NibbleBytes) << 4));
            }
        }
    }

    /// <summary>Undoes <see cref="Join"/>.</summary>
    /// <param name="blocks">17 bytes for each block.</param>
    /// <param name="nibbles">16 bytes for each block.</param>
    /// <param name="exponents">One byte for each block.</param>
    /// <exception cref="ArgumentException">The spans are not of the same number of blocks.</exception>
    public static void Split(ReadOnlySpan<byte> blocks, Span<byte> nibbles, Span<byte> exponents)
    {
        Check(nibbles.Length, exponents.Length, blocks.Length);
        for (int b = 0; b < exponents.Length; b++)
        {
            ReadOnlySpan<byte> block = blocks.Slice(b * BlockBytes, BlockBytes);
            exponents[b] = block[0];
            for (int i = 0; i < NibbleBytes; i++)
            {
                nibbles[(b * NibbleBytes) + i] = (byte)(Halved(block, 2 * i) | (Halved(block, (2 * i) + 1) << 4));
            }
        }
    }

    private static int Element(ReadOnlySpan<byte> pairs, int element) => (pairs[element / 2] >> (4 * (element % 2))) & 15;

    private static int Halved(ReadOnlySpan<byte> block, int element) =>
        (block[1 + (element % NibbleBytes)] >> (4 * (element / NibbleBytes))) & 15;

    private static void Check(int nibbles, int exponents, int blocks)
    {
        if ((long)exponents * NibbleBytes != nibbles || (long)exponents * BlockBytes != blocks)
        {
            throw new ArgumentException($"MXFP4: {exponents} exponents, {nibbles} bytes of nibbles and {blocks} bytes of blocks do not belong together.");
        }
    }
}
