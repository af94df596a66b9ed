using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q4_0: 32 elements in 18 bytes, a half-precision scale d followed by 16 bytes; the low nibble of byte i is element i,
/// the high nibble element i + 16. The value is d·(nibble − 8), with d = m / −8 where m is the element of largest magnitude,
/// with its sign.
/// </summary>
internal sealed unsafe class Q4_0 : QuantizedFormat<SingleBlocks<Q4_0.Block>>
{
    private const int Size = 18;

    public override string Name => "Q4_0";

    /// <summary>Reads and writes blocks.</summary>
    internal readonly struct Block : IQuantizedBlock
    {
        public static int Bytes => Size;

        public static bool HasMinimum => false;

        public static int OffsetAvx2 => 8;

        public static int LargestAvx512 => 15;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int half) =>
            Nibbles.Load16(block + 2, half).AsSByte() - Vector128.Create((sbyte)8);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, sbyte* x) =>
            QuantizedBlock.ProductAvx2(Nibbles.Load32Avx2(block + 2), Vector256.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* first, byte* second) => Nibbles.Load64Avx512(first + 2, second + 2);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static uint Header(byte* block) => *(ushort*)block;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Headers(byte* blocks) => BlockHeaders.Words(blocks, Size);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(Vector256<uint> headers, out Vector256<float> scales, out Vector256<float> minimums)
        {
            scales = Lanes256.HalfToSingle(headers);
            minimums = Vector256<float>.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void DecodeAvx512(Vector512<uint> headers, out Vector512<float> scales, out Vector512<float> minimums)
        {
            scales = Lanes512.HalfToSingle(headers);
            minimums = Vector512<float>.Zero;
        }

        public static void Quantize(float* values, float* importance, float meanSquare, byte* block)
        {
            byte* levels = stackalloc byte[32];
            *(Half*)block = (Half)(importance is null
                ? SymmetricSearch.Round(values, 8, levels)
                : SymmetricSearch.Fit(values, importance, meanSquare, 32, 8, levels));
            Nibbles.Store32(levels, block + 2);
        }
    }
}
