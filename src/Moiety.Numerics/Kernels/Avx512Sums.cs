using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>Sums for weights that are small and not negative, with multiplications of 512 bits. AVX-512 BW.</summary>
/// <typeparam name="TGroups">Reads the weights.</typeparam>
internal readonly unsafe struct Avx512Sums<TGroups> : IGroupSums
    where TGroups : struct, IQuantizedGroups
{
    public static bool IsWide => true;

    public static int Offset => TGroups.OffsetAvx2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second)
    {
        Vector512<int> halves = Avx512F.PermuteVar16x32(
            Quarters(blocks, x), Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
        first = halves.GetLower();
        second = halves.GetUpper();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sixteen(byte* blocks, sbyte* x, out Vector512<int> first, out Vector512<int> second)
    {
        byte* next = blocks + (QuantizedProduct.Lanes / TGroups.Groups * TGroups.Bytes);
        Vector512<int> a = Quarters(blocks, x);
        Vector512<int> b = Quarters(next, x + (QuantizedProduct.Lanes * QuantizedBlock.Length));
        first = Avx512F.PermuteVar16x32x2(a, Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 16, 24, 17, 25, 18, 26, 19, 27), b);
        second = Avx512F.PermuteVar16x32x2(a, Vector512.Create(4, 12, 5, 13, 6, 14, 7, 15, 20, 28, 21, 29, 22, 30, 23, 31), b);
    }

    /// <summary>Sums of eight groups: a quarter each of the first halves of even groups, their second halves, and those of odd groups.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> Quarters(byte* blocks, sbyte* x)
    {
        // Sums of eight products, those of two vectors side by side in every 128 bits.
        Vector512<int> a = AddPairs(Pack(Products(blocks, 0, x), Products(blocks, 1, x + 64)));
        Vector512<int> b = AddPairs(Pack(Products(blocks, 2, x + 128), Products(blocks, 3, x + 192)));
        if (TGroups.LargestAvx512 <= short.MaxValue / (8 * 127))
        {
            return AddPairs(Avx512BW.PackSignedSaturate(a, b));
        }
        Vector512<float> even = Avx512F.Shuffle(a.AsSingle(), b.AsSingle(), 0x88);
        Vector512<float> odd = Avx512F.Shuffle(a.AsSingle(), b.AsSingle(), 0xDD);
        return even.AsInt32() + odd.AsInt32();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Products(byte* blocks, int pair, sbyte* x) =>
        Avx512BW.MultiplyAddAdjacent(TGroups.Load64Avx512(blocks, pair), Vector512.Load(x));

    /// <summary>Sums of four products as words.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<short> Pack(Vector512<short> a, Vector512<short> b) => Avx512BW.PackSignedSaturate(AddPairs(a), AddPairs(b));

    /// <summary>Words two by two. (A multiplication and a packing for two vectors take less of the shuffling units than two shuffles.)</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> AddPairs(Vector512<short> words) => Avx512BW.MultiplyAddAdjacent(words, Vector512<short>.One);
}
