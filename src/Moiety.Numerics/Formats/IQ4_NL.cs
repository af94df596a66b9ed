using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's IQ4_NL: 32 elements in 18 bytes as in Q4_0, but a nibble is the index of one of sixteen unevenly spaced integers; the
/// value is d·t(nibble).
/// </summary>
internal sealed unsafe class IQ4_NL : QuantizedFormat<SingleBlocks<IQ4_NL.Block>>
{
    private const int Size = 18;

    public override string Name => "IQ4_NL";

    /// <summary>The sixteen integers t, dense near zero as weights are.</summary>
    internal static Vector128<sbyte> Table
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        get => Vector128.Create(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113);
    }

    /// <summary>Reads and writes blocks.</summary>
    internal readonly struct Block : IQuantizedBlock
    {
        public static int Bytes => Size;

        public static bool HasMinimum => false;

        public static int OffsetAvx2 => QuantizedBlock.SignedOffset;

        public static int LargestAvx512 => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int half) => QuantizedBlock.Lookup(Table, Nibbles.Load16(block + 2, half));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, sbyte* x) =>
            QuantizedBlock.SignedProductAvx2(Nibbles.LookupAvx2(Table, Nibbles.Load32Avx2(block + 2)), Vector256.Load(x));

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

        public static void Quantize(float* values, float* importance, float meanSquare, byte* block)
        {
            byte* levels = stackalloc byte[32];
            float scale = CodebookSearch.Fit(values, importance, CodebookSearch.MeanSquareTwice(values, 32), levels);
            *(Half*)block = (Half)scale;
            CodebookSearch.Round(values, scale != 0 ? 1 / scale : 0, levels);
            Nibbles.Store32(levels, block + 2);
        }
    }
}
