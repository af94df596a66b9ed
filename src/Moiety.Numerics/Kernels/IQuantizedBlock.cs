using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// A block of 32 quantized weights w = d·u + m with integers u that fit a signed byte. The singles d (scale) and, where the
/// format has one, m (minimum) come from a header of at most four bytes.
/// </summary>
internal unsafe interface IQuantizedBlock
{
    /// <summary>Bytes of one block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Whether there is an m.</summary>
    static abstract bool HasMinimum { get; }

    /// <summary>What the integers v of <see cref="ProductAvx2"/> exceed u by.</summary>
    static abstract int OffsetAvx2 { get; }

    /// <summary>The largest v of <see cref="Load64Avx512"/>; 0 when the format has none.</summary>
    static abstract int LargestAvx512 { get; }

    /// <summary>The integers u of elements 0 to 15 (half 0) or 16 to 31 (half 1).</summary>
    static abstract Vector128<sbyte> Load16(byte* block, int half);

    /// <summary>
    /// Eight partial sums of v·x over the block, v = u + <see cref="OffsetAvx2"/>: four of the first half, then four of the
    /// second. Needs AVX2.
    /// </summary>
    static abstract Vector256<int> ProductAvx2(byte* block, sbyte* x);

    /// <summary>The integers v = u + <see cref="OffsetAvx2"/> of two blocks, none negative. Needs AVX-512 BW.</summary>
    static abstract Vector512<byte> Load64Avx512(byte* first, byte* second);

    /// <summary>The header of a block.</summary>
    static abstract uint Header(byte* block);

    /// <summary>The headers of eight blocks that follow each other; unused upper bits may be anything.</summary>
    static abstract Vector256<uint> Headers(byte* blocks);

    /// <summary>d and m of eight headers; m is zero where the format has none.</summary>
    static abstract void Decode(Vector256<uint> headers, out Vector256<float> scales, out Vector256<float> minimums);

    /// <summary>The same of sixteen headers. Needs AVX-512 BW.</summary>
    static abstract void DecodeAvx512(Vector512<uint> headers, out Vector512<float> scales, out Vector512<float> minimums);

    /// <summary>Encodes 32 values into a block.</summary>
    /// <param name="values">The values.</param>
    /// <param name="importance">How much an error of each value's column matters, or null.</param>
    /// <param name="meanSquare">Mean square of the values of the row.</param>
    /// <param name="block">Where the block goes.</param>
    static abstract void Quantize(float* values, float* importance, float meanSquare, byte* block);
}
