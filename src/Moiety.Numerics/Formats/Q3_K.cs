using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Quantization;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q3_K: 256 elements in 110 bytes: third bits (bit g of byte i belongs to element i of group g), lower two bits as in Q2_K,
/// sixteen scales s of six bits (<see cref="SixBitScales"/>), a half-precision d. The value is d·s·(q − 4), with one s for sixteen
/// elements.
/// </summary>
internal sealed unsafe class Q3_K : QuantizedFormat<SuperBlocks<Q3_K.Block>>
{
    private const int Size = 110;
    private const int PairsAt = 32;
    private const int ScalesAt = 96;
    private const int HeaderAt = 108;
    private const int Limit = 4;
    private const int ScaleLimit = 32;

    public override string Name => "Q3_K";

    public override StorageFormat Fallback => StorageFormats.IQ4_NL;

    /// <summary>Reads and writes super-blocks.</summary>
    internal readonly struct Block : ISuperBlock
    {
        public static int Bytes => Size;

        public static bool HasHalfScales => true;

        public static bool HasMinimums => false;

        public static int OffsetAvx2 => Limit;

        public static int LargestAvx512 => 7;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<sbyte> Load16(byte* block, int sixteen)
        {
            int group = sixteen >> 1;
            int at = 16 * (sixteen & 1);
            Vector128<byte> lower = SuperBits.Take16(block + PairsAt + (32 * (group >> 2)) + at, 2 * (group & 3), 0, 3);
            return (lower | SuperBits.Take16(block + at, group, 2, 4)).AsSByte() - Vector128.Create((sbyte)Limit);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, int group, sbyte* x)
        {
            Vector256<byte> lower = SuperBits.Take32(block + PairsAt + (32 * (group >> 2)), 2 * (group & 3), 0, 3);
            return QuantizedBlock.ProductAvx2(lower | SuperBits.Take32(block, group, 2, 4), Vector256.Load(x));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<byte> Load64Avx512(byte* block, int pair) =>
            SuperBits.Take64Avx512(block + PairsAt + (32 * (pair >> 1)), 4 * (pair & 1), 2, 0, 3)
            | SuperBits.Take64Avx512(block, 2 * pair, 1, 2, 4);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Factors(
            byte* block, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums)
        {
            scale = SuperHeader.Scale(block + HeaderAt);
            scales = SixBitScales.UnpackSigned(block + ScalesAt);
            minimum = Vector256<float>.Zero;
            minimums = Vector256<int>.Zero;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void FactorsAvx512(
            byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums)
        {
            byte* second = blocks + Size;
            scale = SuperHeader.ScaleAvx512(blocks + HeaderAt, second + HeaderAt);
            scales = WideVectors.Join(SixBitScales.UnpackSigned(blocks + ScalesAt), SixBitScales.UnpackSigned(second + ScalesAt));
            minimum = Vector512<float>.Zero;
            minimums = Vector512<int>.Zero;
        }

        public static void Quantize(float* values, float* importance, byte* block)
        {
            byte* levels = stackalloc byte[256];
            byte* rounded = stackalloc byte[16];
            float* scales = stackalloc float[16];
            Half d = importance is null ? Fit(values, levels, scales, rounded) : Fit(values, importance, levels, scales, rounded);
            *(Half*)(block + HeaderAt) = d;
            SixBitScales.PackSigned(rounded, block + ScalesAt);
            for (int j = 0; j < 16; j++)
            {
                SymmetricSearch.SetLevels(values + (16 * j), 16, Limit, (float)d * (rounded[j] - ScaleLimit), levels + (16 * j));
            }
            SuperBits.Store(levels, 2, block);
            SuperBits.StorePairs(levels, block + PairsAt);
        }

        private static Half Fit(float* values, byte* levels, float* scales, byte* rounded)
        {
            for (int j = 0; j < 16; j++)
            {
                scales[j] = SymmetricSearch.FitInTurn(values + (16 * j), 16, Limit, levels + (16 * j));
            }
            float largest = Levels.Largest(scales, 16, out _);
            if (largest == 0)
            {
                new Span<byte>(rounded, 16).Clear();
                return Half.Zero;
            }
            float inverse = -ScaleLimit / largest;
            for (int j = 0; j < 16; j++)
            {
                // Through a signed byte, as ggml does.
                sbyte level = (sbyte)Levels.Nearest(inverse * scales[j]);
                rounded[j] = (byte)(Math.Clamp((int)level, -ScaleLimit, ScaleLimit - 1) + ScaleLimit);
            }
            return (Half)(1 / inverse);
        }

        private static Half Fit(float* values, float* importance, byte* levels, float* scales, byte* rounded)
        {
            float* weights = stackalloc float[16];
            float* sums = stackalloc float[16];
            float meanSquare = 2 * Levels.SumOfSquares(values, 256) / 256;
            for (int j = 0; j < 16; j++)
            {
                Levels.Weigh(values + (16 * j), importance + (16 * j), meanSquare, 16, weights);
                sums[j] = Levels.Sum(weights, 16);
                scales[j] = SymmetricSearch.Fit(values + (16 * j), weights, 16, Limit, levels + (16 * j));
            }
            return (Half)SymmetricSearch.Fit(scales, sums, 16, ScaleLimit, rounded);
        }
    }
}
