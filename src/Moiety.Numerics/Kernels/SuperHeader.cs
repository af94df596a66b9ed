using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

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
        uint both = *(uint*)halves;
        Vector128<uint> words = Avx2.IsSupported
            ? Avx2.ShiftRightLogicalVariable(Vector128.Create(both), Vector128.Create(0u, 16, 0, 16))
            : Vector128.Create(both, both >> 16, both, both >> 16);
        Vector128<float> decoded = Lanes128.HalfToSingle(words);
        scale = Vector256.Create(decoded[0]);
        minimum = Vector256.Create(-decoded[1]);
    }
}
