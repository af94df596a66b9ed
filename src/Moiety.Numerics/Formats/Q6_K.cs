using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q6_K: 256 elements in 210 bytes: lower four bits, upper two bits, sixteen signed bytes s, a half-precision d. In each half
/// of 128 elements the low nibbles of 64 bytes are the elements 0 to 63, the high nibbles the elements 64 to 127, and bits 2j and
/// 2j + 1 of 32 bytes are the upper bits of elements 32j to 32j + 31. The value is d·s·(q − 32), with one s for sixteen elements.
/// </summary>
internal sealed unsafe class Q6_K : QuantizedFormat<SuperBlocks<Q6_K.Block>>
{
    private const int Size = 210;
    private const int UpperAt = 128;
    private const int ScalesAt = 192;
    private const int HeaderAt = 208;
    private const int Limit = 32;

    public override string Name => "Q6_K";

    public override StorageFormat Fallback => StorageFormats.Q8_0;

    /// <summary>Reads and writes super-blocks.</summary>
    internal readonly struct Block : ISuperBlock
    {
        public static int Bytes => Size;

        public static bool HasHalfScales => true;

        public static bool HasMinimums => false;

        public static int OffsetAvx2 => Limit;

        public static int LargestAvx512 => 63;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int sixteen)
        {
            int group = sixteen >> 1;
            int at = 16 * (sixteen & 1);
            Vector128<byte> lower = Vector128.Load(block + (64 * (group >> 2)) + (32 * (group & 1)) + at);
            lower = (group & 2) == 0 ? lower & Vector128.Create((byte)15) : lower >>> 4;
            Vector128<byte> upper = SuperBits.Take16(block + UpperAt + (32 * (group >> 2)) + at, 2 * (group & 3), 4, 0x30);
            return (lower | upper).AsSByte() - Vector128.Create((sbyte)Limit);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, int group, sbyte* x)
        {
            Vector256<byte> lower = Vector256.Load(block + (64 * (group >> 2)) + (32 * (group & 1)));
            lower = (group & 2) == 0 ? lower : (lower.AsUInt16() >>> 4).AsByte();
            Vector256<byte> upper = SuperBits.Take32(block + UpperAt + (32 * (group >> 2)), 2 * (group & 3), 4, 0x30);
            return QuantizedBlock.ProductAvx2((lower & Vector256.Create((byte)15)) | upper, Vector256.Load(x));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* block, int pair)
        {
            Vector512<byte> lower = Vector512.Load(block + (64 * (pair >> 1)));
            lower = (pair & 1) == 0 ? lower : (lower.AsUInt16() >>> 4).AsByte();
            Vector512<byte> upper = SuperBits.Take64Avx512(block + UpperAt + (32 * (pair >> 1)), 4 * (pair & 1), 2, 4, 0x30);
            return (lower & Vector512.Create((byte)15)) | upper;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Factors(
            byte* block, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums)
        {
            scale = SuperHeader.Scale(block + HeaderAt);
            scales = SixBitScales.Widen(Vector128.Load((sbyte*)block + ScalesAt)).AsInt32();
            minimum = Vector256<float>.Zero;
            minimums = Vector256<int>.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void FactorsAvx512(
            byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums)
        {
            byte* second = blocks + Size;
            scale = SuperHeader.ScaleAvx512(blocks + HeaderAt, second + HeaderAt);
            scales = SixBitScales.WidenAvx512(Vector128.Load((sbyte*)blocks + ScalesAt), Vector128.Load((sbyte*)second + ScalesAt));
            minimum = Vector512<float>.Zero;
            minimums = Vector512<int>.Zero;
        }

        public static void Quantize(float* values, float* importance, byte* block)
        {
            byte* levels = stackalloc byte[256];
            float* scales = stackalloc float[16];
            for (int j = 0; j < 16; j++)
            {
                scales[j] = SymmetricSearch.Fit(
                    values + (16 * j), importance is null ? null : importance + (16 * j), 16, Limit, levels + (16 * j));
            }
            float largest = Levels.Largest(scales, 16, out float magnitude);
            if (magnitude < Levels.Tiny)
            {
                new Span<byte>(block, Size).Clear();
                return;
            }
            float inverse = -128 / largest;
            *(Half*)(block + HeaderAt) = (Half)(1 / inverse);
            for (int j = 0; j < 16; j++)
            {
                sbyte rounded = (sbyte)Math.Min(127, Levels.Nearest(inverse * scales[j]));
                ((sbyte*)block)[ScalesAt + j] = rounded;
                SymmetricSearch.SetLevels(values + (16 * j), 16, Limit, (float)*(Half*)(block + HeaderAt) * rounded, levels + (16 * j));
            }
            Store(levels, block);
        }

        private static void Store(byte* levels, byte* block)
        {
            for (int i = 0; i < 64; i++)
            {
                block[i] = (byte)((levels[i] & 15) | (levels[i + 64] << 4));
                block[i + 64] = (byte)((levels[i + 128] & 15) | (levels[i + 192] << 4));
            }
            for (int i = 0; i < 64; i++)
            {
                byte* column = levels + (128 * (i / 32)) + (i % 32);
                block[UpperAt + i] = (byte)((column[0] >> 4) | (column[32] >> 4 << 2) | (column[64] >> 4 << 4) | (column[96] >> 4 << 6));
            }
        }
    }
}
