using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q4_1: 32 elements in 20 bytes, half-precision scale d and minimum m followed by nibbles q as in Q4_0; the value is
/// d·q + m.
/// </summary>
internal sealed unsafe class Q4_1 : QuantizedFormat<SingleBlocks<Q4_1.Block>>
{
    private const int Size = 20;

    public override string Name => "Q4_1";

    /// <summary>Reads and writes blocks.</summary>
    internal readonly struct Block : IQuantizedBlock
    {
        public static int Bytes => Size;

        public static bool HasMinimum => true;

        public static int OffsetAvx2 => 0;

        public static int LargestAvx512 => 15;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int half) => Nibbles.Load16(block + 4, half).AsSByte();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, sbyte* x) =>
            QuantizedBlock.ProductAvx2(Nibbles.Load32Avx2(block + 4), Vector256.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* first, byte* second) => Nibbles.Load64Avx512(first + 4, second + 4);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static uint Header(byte* block) => *(uint*)block;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<uint> Headers(byte* blocks) => BlockHeaders.DoubleWords(blocks, Size);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Decode(Vector256<uint> headers, out Vector256<float> scales, out Vector256<float> minimums) =>
            BlockHeaders.DecodeHalves(headers, out scales, out minimums);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void DecodeAvx512(Vector512<uint> headers, out Vector512<float> scales, out Vector512<float> minimums) =>
            BlockHeaders.DecodeHalvesAvx512(headers, out scales, out minimums);

        public static void Quantize(float* values, float* importance, float meanSquare, byte* block)
        {
            byte* levels = stackalloc byte[32];
            float scale = importance is null
                ? AffineSearch.Round(values, 15, levels, out float minimum)
                : AffineSearch.Fit(values, importance, meanSquare, 32, 15, levels, out minimum);
            ((Half*)block)[0] = (Half)scale;
            ((Half*)block)[1] = (Half)minimum;
            Nibbles.Store32(levels, block + 4);
        }
    }
}
