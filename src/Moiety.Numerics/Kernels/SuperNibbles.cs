using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>The nibbles of Q4_K and Q5_K: of each 32 bytes the low nibbles are one group of 32, the high nibbles the next.</summary>
internal static unsafe class SuperNibbles
{
    /// <summary>A sixteenth of the elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load16(byte* packed, int sixteen)
    {
        Vector128<byte> bytes = Vector128.Load(packed + (32 * (sixteen >> 2)) + (16 * (sixteen & 1)));
        return (sixteen & 2) == 0 ? bytes & Vector128.Create((byte)15) : bytes >>> 4;
    }

    /// <summary>A group of 32 elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load32(byte* packed, int group)
    {
        Vector256<byte> bytes = Vector256.Load(packed + (32 * (group >> 1)));
        return ((group & 1) == 0 ? bytes : (bytes.AsUInt16() >>> 4).AsByte()) & Vector256.Create((byte)15);
    }

    /// <summary>Two groups, the low and the high nibbles of the same bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load64Avx512(byte* packed, int pair)
    {
        Vector512<ulong> counts = Vector512.Create(0ul, 0, 0, 0, 4, 4, 4, 4);
        return Avx512F.ShiftRightLogicalVariable(WideVectors.Twice(packed + (32 * pair)), counts).AsByte() & Vector512.Create((byte)15);
    }

    /// <summary>Packs the lower four bits of 256 elements.</summary>
    public static void Store(byte* levels, byte* packed)
    {
        for (int i = 0; i < 128; i++)
        {
            byte* column = levels + (64 * (i / 32)) + (i % 32);
            packed[i] = (byte)((column[0] & 15) | (column[32] << 4));
        }
    }
}
