using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// A super-block of 256 quantized weights (ggml's K-quants): w = d·s·u + m·n with integers u that fit a signed byte, small
/// integers s (scale) and n (minimum) for each sixteen elements, and the singles d and m of the super-block.
/// </summary>
internal unsafe interface ISuperBlock
{
    /// <summary>Bytes of one super-block.</summary>
    static abstract int Bytes { get; }

    /// <summary>Whether the scales of the two halves of a group may differ.</summary>
    static abstract bool HasHalfScales { get; }

    /// <summary>Whether there are minimums.</summary>
    static abstract bool HasMinimums { get; }

    /// <summary>What the integers v of <see cref="ProductAvx2"/> exceed u by.</summary>
    static abstract int OffsetAvx2 { get; }

    /// <summary>The largest v of <see cref="Load64Avx512"/>; 0 when the format has none.</summary>
    static abstract int LargestAvx512 { get; }

    /// <summary>The integers u of elements 16·<paramref name="sixteen"/> to 16·<paramref name="sixteen"/> + 15.</summary>
    static abstract Vector128<sbyte> Load16(byte* block, int sixteen);

    /// <summary>
    /// Eight partial sums of v·x over the elements 32·<paramref name="group"/> to 32·<paramref name="group"/> + 31,
    /// v = u + <see cref="OffsetAvx2"/>: four of the first sixteen, then four of the others. Needs AVX2.
    /// </summary>
    static abstract Vector256<int> ProductAvx2(byte* block, int group, sbyte* x);

    /// <summary>
    /// The integers v = u + <see cref="OffsetAvx2"/> of elements 64·<paramref name="pair"/> to 64·<paramref name="pair"/> + 63, none
    /// negative. Needs AVX-512 BW.
    /// </summary>
    static abstract Vector512<byte> Load64Avx512(byte* block, int pair);

    /// <summary>
    /// d and m in every lane, and for each group of 32 the pair of words s (and n) of its two halves. |s·u| and |s|·offset fit a
    /// word. m and n are zero where the format has none.
    /// </summary>
    static abstract void Factors(
        byte* block, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums);

    /// <summary>The same of two super-blocks that follow each other. Needs AVX-512 BW.</summary>
    static abstract void FactorsAvx512(
        byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums);

    /// <summary>Encodes 256 values into a super-block; the importance of their columns may be null.</summary>
    static abstract void Quantize(float* values, float* importance, byte* block);
}
