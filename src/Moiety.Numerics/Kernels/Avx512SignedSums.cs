using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>For weights of which two products with one sign fit no word: the multiplications are those of AVX2.</summary>
/// <typeparam name="TGroups">Reads the weights.</typeparam>
internal readonly unsafe struct Avx512SignedSums<TGroups> : IGroupSums
    where TGroups : struct, IQuantizedGroups
{
    public static bool IsWide => true;

    public static int Offset => TGroups.OffsetAvx2;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second) =>
        Avx2Sums<TGroups>.Eight(blocks, x, out first, out second);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Sixteen(byte* blocks, sbyte* x, out Vector512<int> first, out Vector512<int> second)
    {
        byte* next = blocks + (QuantizedProduct.Lanes / TGroups.Groups * TGroups.Bytes);
        Avx2Sums<TGroups>.Eight(blocks, x, out Vector256<int> first0, out Vector256<int> second0);
        Avx2Sums<TGroups>.Eight(next, x + (QuantizedProduct.Lanes * QuantizedBlock.Length), out Vector256<int> first1, out Vector256<int> second1);
        first = WideVectors.Join(first0, first1);
        second = WideVectors.Join(second0, second1);
    }
}
