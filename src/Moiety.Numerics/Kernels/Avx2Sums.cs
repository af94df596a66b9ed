using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>Sums with multiplications of 256 bits. AVX2.</summary>
/// <typeparam name="TGroups">Reads the weights.</typeparam>
internal readonly unsafe struct Avx2Sums<TGroups> : IGroupSums
    where TGroups : struct, IQuantizedGroups
{
    public static bool IsWide => false;

    public static int Offset => TGroups.OffsetAvx2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second)
    {
        // Lanes 0 to 3 belong to first halves all the way, lanes 4 to 7 to second halves.
        Vector256<int> a = AddPairs(
            AddPairs(TGroups.ProductAvx2(blocks, 0, x), TGroups.ProductAvx2(blocks, 1, x + 32)),
            AddPairs(TGroups.ProductAvx2(blocks, 2, x + 64), TGroups.ProductAvx2(blocks, 3, x + 96)));
        Vector256<int> b = AddPairs(
            AddPairs(TGroups.ProductAvx2(blocks, 4, x + 128), TGroups.ProductAvx2(blocks, 5, x + 160)),
            AddPairs(TGroups.ProductAvx2(blocks, 6, x + 192), TGroups.ProductAvx2(blocks, 7, x + 224)));
        first = Avx2.Permute2x128(a, b, 0x20);
        second = Avx2.Permute2x128(a, b, 0x31);
    }

    public static void Sixteen(byte* blocks, sbyte* x, out Vector512<int> first, out Vector512<int> second) =>
        throw new NotSupportedException("These sums are of eight groups.");

    /// <summary>vphaddd in two shuffles and an addition, which processors do faster.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> AddPairs(Vector256<int> a, Vector256<int> b) =>
        Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0x88).AsInt32() + Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0xDD).AsInt32();
}
