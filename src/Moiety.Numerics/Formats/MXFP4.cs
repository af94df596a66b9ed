using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Formats;

/// <summary>
/// The OCP Microscaling format MXFP4 as GGUF lays it out: 32 elements in 17 bytes, a power of two 2^(e − 127) as its exponent e,
/// followed by 16 bytes of 4-bit floats E2M1 (sign, two bits of exponent, one of fraction: 0, ½, 1, 1½, 2, 3, 4, 6); the low
/// nibble of byte i is element i, the high nibble element i + 16. As in ggml the table holds twice the values, and the scale is
/// 2^(e − 128). (e = 255 is NaN in the standard; ggml, and so Moiety, reads it as 2^127.)
/// </summary>
/// <remarks>
/// The safetensors files of GPT-OSS keep the exponents in a tensor of their own (<c>…_scales</c>) and the nibbles in another
/// (<c>…_blocks</c>), where the low nibble of byte i is element 2i and the high nibble element 2i + 1.
/// <see cref="Mxfp4Layout"/> turns one into the other, bit for bit.
/// </remarks>
internal sealed unsafe class MXFP4 : QuantizedFormat<SingleBlocks<MXFP4.Block>>
{
    private const int Size = 17;

    public override string Name => "MXFP4";

    /// <summary>Reads and writes blocks.</summary>
    internal readonly struct Block : IQuantizedBlock
    {
        public static int Bytes => Size;

        public static bool HasMinimum => false;

        public static int OffsetAvx2 => 12;

        public static int LargestAvx512 => 24;

        /// <summary>Twice the sixteen values of E2M1.</summary>
        private static Vector128<sbyte> Table
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => Vector128.Create(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12);
        }

        /// <summary>The same, moved up by <see cref="OffsetAvx2"/>.</summary>
        private static Vector128<sbyte> UnsignedTable
        {
            [MethodImpl(MethodImplOptions.AggressiveInlining)]
            get => Vector128.Create(12, 13, 14, 15, 16, 18, 20, 24, 12, 11, 10, 9, 8, 6, 4, 0);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int half) => QuantizedBlock.Lookup(Table, Nibbles.Load16(block + 1, half));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, sbyte* x) => QuantizedBlock.ProductAvx2(
            Nibbles.LookupAvx2(UnsignedTable, Nibbles.Load32Avx2(block + 1)).AsByte(), Vector256.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* first, byte* second) =>
            Nibbles.LookupAvx512(UnsignedTable, Nibbles.Load64Avx512(first + 1, second + 1)).AsByte();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static uint Header(byte* block) => *block;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Headers(byte* blocks) => BlockHeaders.Bytes17(blocks);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(Vector256<uint> headers, out Vector256<float> scales, out Vector256<float> minimums)
        {
            // 2^(e − 128) is normal from e = 2 on; 2^−127 and 2^−128 are subnormal.
            Vector256<uint> normal = (headers - Vector256<uint>.One) << 23;
            Vector256<uint> subnormal = Vector256.Create(0x00200000u) + (headers << 21);
            scales = Vector256.ConditionalSelect(Vector256.LessThan(headers, Vector256.Create(2u)), subnormal, normal).AsSingle();
            minimums = Vector256<float>.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void DecodeAvx512(Vector512<uint> headers, out Vector512<float> scales, out Vector512<float> minimums)
        {
            Vector512<uint> normal = (headers - Vector512<uint>.One) << 23;
            Vector512<uint> subnormal = Vector512.Create(0x00200000u) + (headers << 21);
            scales = Vector512.ConditionalSelect(Vector512.LessThan(headers, Vector512.Create(2u)), subnormal, normal).AsSingle();
            minimums = Vector512<float>.Zero;
        }

        public static void Quantize(float* values, float* importance, float meanSquare, byte* block)
        {
            float magnitude = 0;
            for (int i = 0; i < QuantizedBlock.Length; i++)
            {
                magnitude = MathF.Max(magnitude, MathF.Abs(values[i]));
            }

            // The largest value of E2M1 below the next power of two is 1.5 · 2^2.
            int exponent = magnitude > 0 ? Math.Clamp((int)MathF.Floor(MathF.Log2(magnitude)) - 2 + 127, 0, 254) : 0;
            *block = (byte)exponent;
            Decode(Vector256.Create((uint)exponent), out Vector256<float> scale, out _);
            byte* levels = stackalloc byte[QuantizedBlock.Length];
            for (int i = 0; i < QuantizedBlock.Length; i++)
            {
                levels[i] = Nearest(values[i], scale[0]);
            }
            Nibbles.Store32(levels, block + 1);
        }

        private static byte Nearest(float value, float scale)
        {
            Vector128<sbyte> table = Table;
            int best = 0;
            float smallest = MathF.Abs(value);
            for (int i = 1; i < 16; i++)
            {
                float error = MathF.Abs((table[i] * scale) - value);
                if (error < smallest)
                {
                    (best, smallest) = (i, error);
                }
            }
            return (byte)best;
        }
    }
}
