using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// What a product reads of quantized weights: groups of 32 columns, as the blocks of the activations. w = d·s·u + m·n with
/// integers u, integers s and n for each half of a group, and singles d and m. The sums Σ s·u·x and Σ n·x over a group are
/// exact in 32-bit integers and in singles: |s·u| ≤ 4096 and |x| ≤ 127.
/// </summary>
internal unsafe interface IQuantizedGroups
{
    /// <summary>Bytes of one block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Groups of one block: 1 or 8.</summary>
    static abstract int Groups { get; }

    /// <summary>Whether s is anything but 1.</summary>
    static abstract bool HasScales { get; }

    /// <summary>Whether the s of the two halves of a group may differ.</summary>
    static abstract bool HasHalfScales { get; }

    /// <summary>Whether there are minimums.</summary>
    static abstract bool HasMinimums { get; }

    /// <summary>What the integers v of <see cref="ProductAvx2"/> exceed u by.</summary>
    static abstract int OffsetAvx2 { get; }

    /// <summary>The largest v of <see cref="Load64Avx512"/>; 0 when the format has none.</summary>
    static abstract int LargestAvx512 { get; }

    /// <summary>The integers u of a group, counted from the first of some blocks.</summary>
    static abstract Vector256<sbyte> Load32(byte* blocks, int group);

    /// <summary>
    /// Eight partial sums of v·x over a group, v = u + <see cref="OffsetAvx2"/>: four of its first half, then four of the
    /// second. Needs AVX2.
    /// </summary>
    static abstract Vector256<int> ProductAvx2(byte* blocks, int group, sbyte* x);

    /// <summary>
    /// The integers v = u + <see cref="OffsetAvx2"/> of the groups 2·<paramref name="pair"/> and 2·<paramref name="pair"/> + 1, none
    /// negative. Needs AVX-512 BW.
    /// </summary>
    static abstract Vector512<byte> Load64Avx512(byte* blocks, int pair);

    /// <summary>d, m, and the pairs of words s and n of eight groups that follow each other.</summary>
    static abstract void Factors(
        byte* blocks, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums);

    /// <summary>The same of sixteen groups. Needs AVX-512 BW.</summary>
    static abstract void FactorsAvx512(
        byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums);

    /// <summary>
    /// The same for the groups of one block in each of eight rows. Group g of row r goes to element g·stride + r of the outputs
    /// for d, m and n, and to 8·g + r for s; what the format does not have is not written.
    /// </summary>
    static abstract void FactorsOfRows(byte** blocks, int stride, float* scale, float* minimum, int* scales, int* minimums);

    /// <summary>Decodes a block, with the roundings of ggml.</summary>
    static abstract void Dequantize(byte* block, float* values);

    /// <summary>Encodes a block; see <see cref="IQuantizedBlock.Quantize"/>.</summary>
    static abstract void Quantize(float* values, float* importance, float meanSquare, byte* block);
}
