using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's IQ4_XS: 256 elements in 136 bytes: a half-precision d, the upper two bits of eight scales s in one word, their lower four
/// bits in four bytes, then for each group of 32 sixteen bytes as in IQ4_NL. The value is d·(s − 32)·t(nibble).
/// </summary>
internal sealed unsafe class IQ4_XS : QuantizedFormat<SuperBlocks<IQ4_XS.Block>>
{
    private const int Size = 136;
    private const int UpperAt = 2;
    private const int LowerAt = 4;
    private const int NibblesAt = 8;
    private const int ScaleLimit = 32;

    public override string Name => "IQ4_XS";

    public override StorageFormat Fallback => StorageFormats.IQ4_NL;

    /// <summary>Reads and writes super-blocks.</summary>
    internal readonly struct Block : ISuperBlock
    {
        public static int Bytes => Size;

        public static bool HasHalfScales => false;

        public static bool HasMinimums => false;

        public static int OffsetAvx2 => QuantizedBlock.SignedOffset;

        public static int LargestAvx512 => 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int sixteen) =>
            QuantizedBlock.Lookup(IQ4_NL.Table, Nibbles.Load16(block + NibblesAt + (16 * (sixteen >> 1)), sixteen & 1));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, int group, sbyte* x) => QuantizedBlock.SignedProductAvx2(
            Nibbles.LookupAvx2(IQ4_NL.Table, Nibbles.Load32Avx2(block + NibblesAt + (16 * group))), Vector256.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* block, int pair) =>
            throw new NotSupportedException($"{nameof(LargestAvx512)} is 0.");

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Factors(
            byte* block, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums)
        {
            scale = SuperHeader.Scale(block);
            Vector256<int> lower = Fields(*(uint*)(block + LowerAt), 4) & Vector256.Create(15);
            Vector256<int> upper = Fields(*(ushort*)(block + UpperAt), 2) & Vector256.Create(3);
            Vector256<int> words = ((upper << 4) | lower) - Vector256.Create(ScaleLimit);
            scales = (words & Vector256.Create(0xFFFF)) | (words << 16);
            minimum = Vector256<float>.Zero;
            minimums = Vector256<int>.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void FactorsAvx512(
            byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums)
        {
            byte* second = blocks + Size;
            scale = SuperHeader.ScaleAvx512(blocks, second);
            Factors(blocks, out _, out _, out Vector256<int> ofFirst, out _);
            Factors(second, out _, out _, out Vector256<int> ofSecond, out _);
            scales = WideVectors.Join(ofFirst, ofSecond);
            minimum = Vector512<float>.Zero;
            minimums = Vector512<int>.Zero;
        }

        public static void Quantize(float* values, float* importance, byte* block)
        {
            byte* indices = stackalloc byte[32];
            float* scales = stackalloc float[8];
            float meanSquare = CodebookSearch.MeanSquareTwice(values, 256);
            for (int g = 0; g < 8; g++)
            {
                scales[g] = CodebookSearch.Fit(values + (32 * g), importance is null ? null : importance + (32 * g), meanSquare, indices);
            }
            float d = -Levels.Largest(scales, 8, out _) / ScaleLimit;
            float inverse = d != 0 ? 1 / d : 0;
            uint lower = 0;
            uint upper = 0;
            for (int g = 0; g < 8; g++)
            {
                int level = Levels.Nearest(inverse * scales[g], -ScaleLimit, ScaleLimit - 1);
                float step = d * level;
                CodebookSearch.Round(values + (32 * g), step != 0 ? 1 / step : 0, indices);
                Nibbles.Store32(indices, block + NibblesAt + (16 * g));
                lower |= (uint)((level + ScaleLimit) & 15) << (4 * g);
                upper |= (uint)((level + ScaleLimit) >> 4) << (2 * g);
            }
            *(Half*)block = (Half)d;
            *(ushort*)(block + UpperAt) = (ushort)upper;
            *(uint*)(block + LowerAt) = lower;
        }

        /// <summary>The bits moved down by 0, 1, … 7 fields.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> Fields(uint bits, int width)
        {
            if (Avx2.IsSupported)
            {
                Vector256<uint> shifts = Vector256<uint>.Indices * (uint)width;
                return Avx2.ShiftRightLogicalVariable(Vector256.Create(bits), shifts).AsInt32();
            }
            Vector256<int> fields = Vector256<int>.Zero;
            for (int i = 0; i < 8; i++)
            {
                fields = fields.WithElement(i, (int)(bits >> (i * width)));
            }
            return fields;
        }
    }
}
