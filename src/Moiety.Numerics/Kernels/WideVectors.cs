using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Vectors of 512 bits put together in registers, which the portable way does through memory. AVX-512 only.
/// </summary>
internal static unsafe class WideVectors
{
    /// <summary>Two vectors side by side.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> Join<T>(Vector256<T> lower, Vector256<T> upper) =>
        Avx512F.InsertVector256(lower.AsInt64().ToVector512Unsafe(), upper.AsInt64(), 1).As<long, T>();

    /// <summary>32 bytes, twice.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<ulong> Twice(byte* source) =>
        // As integers of 32 bits: .NET 10 merges a broadcast of ulong into an instruction on ulong as if it were one of 64 bits.
        Avx512DQ.BroadcastVector256ToVector512((int*)source).AsUInt64();

    /// <summary>16 bytes, four times.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<T> FourTimes<T>(Vector128<T> once)
    {
        Vector512<int> first = once.AsInt32().ToVector256Unsafe().ToVector512Unsafe();
        return Avx512F.Shuffle4x128(first, first, 0).As<int, T>();
    }
}
