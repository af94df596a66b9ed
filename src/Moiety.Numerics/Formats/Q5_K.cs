using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q5_K: 256 elements in 176 bytes, half-precision d and m, eight scales s and minimums n of six bits as in Q4_K, the
/// fifth bits (bit g of byte i belongs to element i of group g), then nibbles as in Q4_K. The value is d·s·q − m·n.
/// </summary>
internal sealed unsafe class Q5_K : QuantizedFormat<SuperBlocks<Q5_K.Block>>
{
    private const int Size = 176;
    private const int ScalesAt = 4;
    private const int FifthBitsAt = 16;
    private const int NibblesAt = 48;

    public override string Name => "Q5_K";

    public override StorageFormat Fallback => StorageFormats.Q5_1;

    /// <summary>Reads and writes super-blocks.</summary>
    internal readonly struct Block : ISuperBlock
    {
        private static readonly AffineSuperSearch.Layout Layout = new(32, 31, 63, new(-0.5f, 0.1f, 15, false));

        public static int Bytes => Size;

        public static bool HasHalfScales => false;

        public static bool HasMinimums => true;

        public static int OffsetAvx2 => 0;

        public static int LargestAvx512 => 31;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int sixteen)
        {
            Vector128<byte> fifth = SuperBits.Take16(block + FifthBitsAt + (16 * (sixteen & 1)), sixteen >> 1, 4, 16);
            return (SuperNibbles.Load16(block + NibblesAt, sixteen) | fifth).AsSByte();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, int group, sbyte* x)
        {
            Vector256<byte> fifth = SuperBits.Take32(block + FifthBitsAt, group, 4, 16);
            return QuantizedBlock.ProductAvx2(SuperNibbles.Load32(block + NibblesAt, group) | fifth, Vector256.Load(x));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* block, int pair) =>
            SuperNibbles.Load64Avx512(block + NibblesAt, pair) | SuperBits.Take64Avx512(block + FifthBitsAt, 2 * pair, 1, 4, 16);

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
            SuperBits.Store(levels, 4, block + FifthBitsAt);
            SuperNibbles.Store(levels, block + NibblesAt);
        }
    }
}
