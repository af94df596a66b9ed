using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// A block of 32 quantized weights that starts with its half-precision scale d: w = d·(u − offset), with integers u that fit
/// a signed byte.
/// </summary>
internal unsafe interface IQuantizedBlock
{
    /// <summary>Bytes of one block.</summary>
    static abstract int Bytes { get; }

    /// <summary>What to take off the stored integers; a power of two, or zero.</summary>
    static abstract int Offset { get; }

    /// <summary>What to take off the integers v of <see cref="ProductAvx2"/>; a power of two, or zero.</summary>
    static abstract int OffsetAvx2 { get; }

    /// <summary>The 32 stored integers, in the order of the elements.</summary>
    static abstract Vector256<sbyte> Load32(byte* block);

    /// <summary>Eight partial sums whose total is Σ v·x over the block, for integers v = w / d + <see cref="OffsetAvx2"/>. Needs AVX2.</summary>
    static abstract Vector256<int> ProductAvx2(byte* block, sbyte* x);

    /// <summary>Encodes 32 values into a block.</summary>
    static abstract void Quantize(float* values, byte* block);
}
