using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Super-blocks of 256 as eight groups each.</summary>
/// <typeparam name="TBlock">The super-block.</typeparam>
internal readonly unsafe struct SuperBlocks<TBlock> : IQuantizedGroups, IRowReader
    where TBlock : struct, ISuperBlock
{
    private const int Length = 256;

    public static int Bytes => TBlock.Bytes;

    public static int Groups => Length / QuantizedBlock.Length;

    public static bool HasScales => true;

    public static bool HasHalfScales => TBlock.HasHalfScales;

    public static bool HasMinimums => TBlock.HasMinimums;

    public static int OffsetAvx2 => TBlock.OffsetAvx2;

    public static int LargestAvx512 => TBlock.LargestAvx512;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Load32(byte* blocks, int group) =>
        Vector256.Create(TBlock.Load16(blocks, 2 * group), TBlock.Load16(blocks, (2 * group) + 1));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ProductAvx2(byte* blocks, int group, sbyte* x) => TBlock.ProductAvx2(blocks, group, x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load64Avx512(byte* blocks, int pair) => TBlock.Load64Avx512(blocks, pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Factors(
        byte* blocks, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums) =>
        TBlock.Factors(blocks, out scale, out minimum, out scales, out minimums);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FactorsAvx512(
        byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums) =>
        TBlock.FactorsAvx512(blocks, out scale, out minimum, out scales, out minimums);

    public static void FactorsOfRows(byte** blocks, int stride, float* scale, float* minimum, int* scales, int* minimums)
    {
        for (int r = 0; r < 8; r++)
        {
            TBlock.Factors(blocks[r], out Vector256<float> d, out Vector256<float> m, out Vector256<int> s, out Vector256<int> n);
            for (int g = 0; g < Groups; g++)
            {
                scale[(g * stride) + r] = d[0];
                scales[(8 * g) + r] = s[g];
                if (TBlock.HasMinimums)
                {
                    minimum[(g * stride) + r] = m[0];
                    minimums[(g * stride) + r] = n[g];
                }
            }
        }
    }

    public static void Dequantize(byte* block, float* values)
    {
        TBlock.Factors(block, out Vector256<float> d, out Vector256<float> m, out Vector256<int> s, out Vector256<int> n);
        for (int i = 0; i < Length / 16; i++)
        {
            Decode(block, i, d, m, Word(s, i), Word(n, i)).Store(values + (16 * i));
        }
    }

    public static void Quantize(float* values, float* importance, float meanSquare, byte* block) => TBlock.Quantize(values, importance, block);

    public static Vector512<float> Load16(byte* row, int index)
    {
        byte* block = row + ((long)(index / Length) * TBlock.Bytes);
        int sixteen = index % Length / 16;
        TBlock.Factors(block, out Vector256<float> d, out Vector256<float> m, out Vector256<int> s, out Vector256<int> n);
        return Decode(block, sixteen, d, m, Word(s, sixteen), Word(n, sixteen));
    }

    public static float Load(byte* row, long index) => Load16(row, (int)(index & ~15))[(int)(index & 15)];

    /// <summary>ggml rounds d·s first, then its product with u, then the sum with m·n.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Decode(byte* block, int sixteen, Vector256<float> d, Vector256<float> m, float s, float n)
    {
        Vector256<float> scale = d * Vector256.Create(s);
        Vector512<float> values = Vector512.Create(scale, scale) * QuantizedBlock.ToSingle(TBlock.Load16(block, sixteen));
        if (!TBlock.HasMinimums)
        {
            return values;
        }
        Vector256<float> minimum = m * Vector256.Create(n);
        return values + Vector512.Create(minimum, minimum);
    }

    private static float Word(Vector256<int> pairs, int index) => pairs.AsInt16()[index];
}
