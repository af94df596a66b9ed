using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q8_0: 32 elements in 34 bytes, a half-precision scale d followed by 32 signed bytes q; the value is d·q with
/// d = max |x| / 127 and q = x / d rounded to nearest (halves away from zero).
/// </summary>
internal sealed unsafe class Q8_0 : QuantizedFormat<SingleBlocks<Q8_0.Block>>
{
    private const int Size = 34;

    public override string Name => "Q8_0";

    /// <summary>Reads and writes blocks.</summary>
    internal readonly struct Block : IQuantizedBlock
    {
        public static int Bytes => Size;

        public static bool HasMinimum => false;

        public static int OffsetAvx2 => QuantizedBlock.SignedOffset;

        public static int LargestAvx512 => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int half) => Vector128.Load((sbyte*)block + 2 + (16 * half));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, sbyte* x) =>
            QuantizedBlock.SignedProductAvx2(Vector256.Load((sbyte*)block + 2), Vector256.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* first, byte* second) =>
            throw new NotSupportedException($"{nameof(LargestAvx512)} is 0.");

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

        public static void Quantize(float* values, float* importance, float meanSquare, byte* block) =>
            *(Half*)block = QuantizedBlock.Quantize(values, (sbyte*)block + 2);
    }
}
