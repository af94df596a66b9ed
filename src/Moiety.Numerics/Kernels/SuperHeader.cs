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

    /// <summary>The d of two super-blocks, in eight lanes each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ScaleAvx512(byte* first, byte* second)
    {
        Vector128<float> decoded = Lanes128.HalfToSingle(Vector128.Create(*(ushort*)first | ((ulong)*(ushort*)second << 32)).AsUInt32());
        Vector512<int> eight = Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
        return Avx512F.PermuteVar16x32(decoded.ToVector256Unsafe().ToVector512Unsafe(), eight);
    }

    /// <summary>d and m of two super-blocks, in eight lanes each.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void ScaleAndMinimumAvx512(byte* first, byte* second, out Vector512<float> scale, out Vector512<float> minimum)
    {
        Vector128<uint> both = Vector128.Create(*(uint*)first | ((ulong)*(uint*)second << 32)).AsUInt32();
        Vector128<uint> shifts = Vector128.Create(0u, 0, 16, 16);
        Vector128<float> decoded = Lanes128.HalfToSingle(Avx2.ShiftRightLogicalVariable(both, shifts));

        // d, d, m, m of the two; m is negated.
        Vector512<float> lanes = (decoded ^ Vector128.Create(0, 0, -0f, -0f)).ToVector256Unsafe().ToVector512Unsafe();
        scale = Avx512F.PermuteVar16x32(lanes, Vector512.Create(0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1));
        minimum = Avx512F.PermuteVar16x32(lanes, Vector512.Create(2, 2, 2, 2, 2, 2, 2, 2, 3, 3, 3, 3, 3, 3, 3, 3));
    }
}
