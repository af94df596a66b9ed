using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q2_K: 256 elements in 84 bytes: sixteen bytes with a scale s (low nibble) and a minimum n (high nibble) for sixteen elements
/// each, then two bits q for each element (in each half of 128 elements bits 2j and 2j + 1 of 32 bytes are elements 32j to 32j + 31),
/// half-precision d and m. The value is d·s·q − m·n.
/// </summary>
internal sealed unsafe class Q2_K : QuantizedFormat<SuperBlocks<Q2_K.Block>>
{
    private const int Size = 84;
    private const int PairsAt = 16;
    private const int HeaderAt = 80;

    public override string Name => "Q2_K";

    public override StorageFormat Fallback => StorageFormats.IQ4_NL;

    /// <summary>Reads and writes super-blocks.</summary>
    internal readonly struct Block : ISuperBlock
    {
        private static readonly AffineSuperSearch.Layout Layout = new(16, 3, 15, new(-0.5f, 0.1f, 15, true));

        public static int Bytes => Size;

        public static bool HasHalfScales => true;

        public static bool HasMinimums => true;

        public static int OffsetAvx2 => 0;

        public static int LargestAvx512 => 3;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int sixteen)
        {
            int group = sixteen >> 1;
            return SuperBits.Take16(block + PairsAt + (32 * (group >> 2)) + (16 * (sixteen & 1)), 2 * (group & 3), 0, 3).AsSByte();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, int group, sbyte* x) => QuantizedBlock.ProductAvx2(
            SuperBits.Take32(block + PairsAt + (32 * (group >> 2)), 2 * (group & 3), 0, 3), Vector256.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* block, int pair) =>
            SuperBits.Take64Avx512(block + PairsAt + (32 * (pair >> 1)), 4 * (pair & 1), 2, 0, 3);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Factors(
            byte* block, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums)
        {
            SuperHeader.ScaleAndMinimum(block + HeaderAt, out scale, out minimum);
            Vector128<byte> packed = Vector128.Load(block);
            scales = SixBitScales.Widen((packed & Vector128.Create((byte)15)).AsSByte()).AsInt32();
            minimums = SixBitScales.Widen((packed >>> 4).AsSByte()).AsInt32();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void FactorsAvx512(
            byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums)
        {
            SuperHeader.ScaleAndMinimumAvx512(blocks + HeaderAt, blocks + Size + HeaderAt, out scale, out minimum);
            Vector256<byte> packed = Vector256.Create(Vector128.Load(blocks), Vector128.Load(blocks + Size));
            scales = Avx512BW.ConvertToVector512Int16(packed & Vector256.Create((byte)15)).AsInt32();
            minimums = Avx512BW.ConvertToVector512Int16((packed.AsUInt16() >>> 4).AsByte() & Vector256.Create((byte)15)).AsInt32();
        }

        public static void Quantize(float* values, float* importance, byte* block)
        {
            byte* levels = stackalloc byte[256];
            byte* scales = stackalloc byte[16];
            byte* minimums = stackalloc byte[16];
            Half* header = (Half*)(block + HeaderAt);
            AffineSuperSearch.Fit(values, importance, Layout, levels, scales, minimums, out header[0], out header[1]);
            for (int j = 0; j < 16; j++)
            {
                block[j] = (byte)(scales[j] | (minimums[j] << 4));
            }
            SuperBits.StorePairs(levels, block + PairsAt);
        }
    }
}
