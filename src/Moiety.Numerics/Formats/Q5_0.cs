using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q5_0: 32 elements in 22 bytes, a half-precision scale d, 32 bits (bit i is the fifth bit of element i), then nibbles as
/// in Q4_0; the value is d·(q − 16).
/// </summary>
internal sealed unsafe class Q5_0 : QuantizedFormat<SingleBlocks<Q5_0.Block>>
{
    private const int Size = 22;

    public override string Name => "Q5_0";

    /// <summary>Reads and writes blocks.</summary>
    internal readonly struct Block : IQuantizedBlock
    {
        public static int Bytes => Size;

        public static bool HasMinimum => false;

        public static int OffsetAvx2 => 16;

        public static int LargestAvx512 => 31;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int half) =>
            (Nibbles.Load16(block + 6, half) | Nibbles.FifthBits16(block + 2, half)).AsSByte() - Vector128.Create((sbyte)16);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, sbyte* x) =>
            QuantizedBlock.ProductAvx2(Nibbles.Load32Avx2(block + 6) | Nibbles.FifthBits32Avx2(block + 2), Vector256.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* first, byte* second) =>
            Nibbles.Load64Avx512(first + 6, second + 6) | Nibbles.FifthBits64Avx512(first + 2, second + 2);

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
                ? SymmetricSearch.Round(values, 16, levels)
                : SymmetricSearch.Fit(values, importance, meanSquare, 32, 16, levels));
            *(uint*)(block + 2) = Nibbles.StoreFifthBits32(levels);
            Nibbles.Store32(levels, block + 6);
        }
    }
}
