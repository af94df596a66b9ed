using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Blocks of 32 as groups: one group each, s and n are 1.</summary>
/// <typeparam name="TBlock">The block.</typeparam>
internal readonly unsafe struct SingleBlocks<TBlock> : IQuantizedGroups, IRowReader
    where TBlock : struct, IQuantizedBlock
{
    private const int OnePair = 0x00010001;

    public static int Bytes => TBlock.Bytes;

    public static int Groups => 1;

    public static bool HasScales => false;

    public static bool HasHalfScales => false;

    public static bool HasMinimums => TBlock.HasMinimum;

    public static int OffsetAvx2 => TBlock.OffsetAvx2;

    public static int LargestAvx512 => TBlock.LargestAvx512;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> Load32(byte* blocks, int group)
    {
        byte* block = blocks + (group * TBlock.Bytes);
        return Vector256.Create(TBlock.Load16(block, 0), TBlock.Load16(block, 1));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ProductAvx2(byte* blocks, int group, sbyte* x) => TBlock.ProductAvx2(blocks + (group * TBlock.Bytes), x);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load64Avx512(byte* blocks, int pair) =>
        TBlock.Load64Avx512(blocks + (2 * pair * TBlock.Bytes), blocks + (((2 * pair) + 1) * TBlock.Bytes));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Factors(
        byte* blocks, out Vector256<float> scale, out Vector256<float> minimum, out Vector256<int> scales, out Vector256<int> minimums)
    {
        TBlock.Decode(TBlock.Headers(blocks), out scale, out minimum);
        scales = Vector256.Create(OnePair);
        minimums = Vector256.Create(OnePair);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void FactorsAvx512(
        byte* blocks, out Vector512<float> scale, out Vector512<float> minimum, out Vector512<int> scales, out Vector512<int> minimums)
    {
        Vector512<uint> headers = WideVectors.Join(TBlock.Headers(blocks), TBlock.Headers(blocks + (8 * TBlock.Bytes)));
        TBlock.DecodeAvx512(headers, out scale, out minimum);
        scales = Vector512.Create(OnePair);
        minimums = Vector512.Create(OnePair);
    }

    public static void FactorsOfRows(byte** blocks, int stride, float* scale, float* minimum, int* scales, int* minimums)
    {
        Vector256<uint> headers = Vector256.Create(
            TBlock.Header(blocks[0]),
            TBlock.Header(blocks[1]),
            TBlock.Header(blocks[2]),
            TBlock.Header(blocks[3]),
            TBlock.Header(blocks[4]),
            TBlock.Header(blocks[5]),
            TBlock.Header(blocks[6]),
            TBlock.Header(blocks[7]));
        TBlock.Decode(headers, out Vector256<float> d, out Vector256<float> m);
        d.Store(scale);
        if (TBlock.HasMinimum)
        {
            m.Store(minimum);
            Vector256.Create(OnePair).Store(minimums);
        }
    }

    public static void Dequantize(byte* block, float* values)
    {
        Load16(block, 0).Store(values);
        Load16(block, 16).Store(values + 16);
    }

    public static void Quantize(float* values, float* importance, float meanSquare, byte* block) =>
        TBlock.Quantize(values, importance, meanSquare, block);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Load16(byte* row, int index)
    {
        byte* block = row + ((long)(index / QuantizedBlock.Length) * TBlock.Bytes);
        TBlock.Decode(Vector256.Create(TBlock.Header(block)), out Vector256<float> d, out Vector256<float> m);
        Vector512<float> values = Vector512.Create(d, d) * QuantizedBlock.ToSingle(TBlock.Load16(block, (index >> 4) & 1));
        return TBlock.HasMinimum ? values + Vector512.Create(m, m) : values;
    }

    public static float Load(byte* row, long index) => Load16(row, (int)(index & ~15))[(int)(index & 15)];
}
