using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q4_K: 256 elements in 144 bytes, half-precision d and m, eight scales s and minimums n of six bits
/// (<see cref="SixBitScales"/>), then nibbles q: of each 32 bytes the low nibbles are one group of 32, the high nibbles the next.
/// The value is d·s·q − m·n.
/// </summary>
internal sealed unsafe class Q4_K : QuantizedFormat<SuperBlocks<Q4_K.Block>>
{
    private const int Size = 144;
    private const int ScalesAt = 4;
    private const int NibblesAt = 16;

    public override string Name => "Q4_K";

    public override StorageFormat Fallback => StorageFormats.Q5_0;

    /// <summary>Reads and writes super-blocks.</summary>
    internal readonly struct Block : ISuperBlock
    {
        private static readonly AffineSuperSearch.Layout Layout = new(32, 15, 63, new(-1, 0.1f, 20, false));

        public static int Bytes => Size;

        public static bool HasHalfScales => false;

        public static bool HasMinimums => true;

        public static int OffsetAvx2 => 0;

        public static int LargestAvx512 => 15;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int sixteen) => SuperNibbles.Load16(block + NibblesAt, sixteen).AsSByte();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, int group, sbyte* x) =>
            QuantizedBlock.ProductAvx2(SuperNibbles.Load32(block + NibblesAt, group), Vector256.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* block, int pair) => SuperNibbles.Load64Avx512(block + NibblesAt, pair);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Factors(
            byte* block, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums)
        {
            SuperHeader.ScaleAndMinimum(block, out scale, out minimum);
            SixBitScales.Unpack(block + ScalesAt, out scales, out minimums);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void FactorsAvx512(
            byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums)
        {
            SuperHeader.ScaleAndMinimumAvx512(blocks, blocks + Size, out scale, out minimum);
            SixBitScales.UnpackAvx512(blocks + ScalesAt, blocks + Size + ScalesAt, out scales, out minimums);
        }

        public static void Quantize(float* values, float* importance, byte* block)
        {
            byte* levels = stackalloc byte[256];
            byte* scales = stackalloc byte[8];
            byte* minimums = stackalloc byte[8];
            AffineSuperSearch.Fit(values, importance, Layout, levels, scales, minimums, out ((Half*)block)[0], out ((Half*)block)[1]);
            SixBitScales.Pack(scales, minimums, block + ScalesAt);
            SuperNibbles.Store(levels, block + NibblesAt);
        }
    }
}
