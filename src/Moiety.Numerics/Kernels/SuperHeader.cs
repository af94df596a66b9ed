using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>The half-precision d and m of a super-block, in every lane.</summary>
internal static unsafe class SuperHeader
{
    /// <summary>d at the address.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<float> Scale(byte* half) => Lanes256.HalfToSingle(Vector256.Create((uint)*(ushort*)half));

    /// <summary>d at the address; m, the negative of the half behind it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ScaleAndMinimum(byte* halves, out Vector256<float> scale, out Vector256<float> minimum)
    {
        BlockHeaders.DecodeHalves(Vector256.Create(*(uint*)halves), out scale, out minimum);
        minimum = -minimum;
    }
}
