using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Unpacks ggml's blocks of 32 nibbles, where the low nibble of byte i is element i and the high nibble element i + 16, and the
/// fifth bits that Q5_0 and Q5_1 keep beside them.
/// </summary>
internal static unsafe class Nibbles
{
    /// <summary>Elements 0 to 15 (half 0) or 16 to 31 (half 1).</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Load16(byte* packed, int half)
    {
        Vector128<byte> bytes = Vector128.Load(packed);
        return half == 0 ? bytes & Vector128.Create((byte)15) : bytes >>> 4;
    }

    /// <summary>All 32 elements.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Load32Avx2(byte* packed)
    {
        // The 16 bytes in both halves, the upper half moved down by a nibble.
        Vector256<ulong> bytes = Avx2.BroadcastVector128ToVector256((ulong*)packed);
        return Avx2.ShiftRightLogicalVariable(bytes, Vector256.Create(0ul, 0, 4, 4)).AsByte() & Vector256.Create((byte)15);
    }

    /// <summary>All elements of two blocks.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Load64Avx512(byte* first, byte* second)
    {
        Vector512<ulong> bytes = WideVectors.Join(
            Avx2.BroadcastVector128ToVector256((ulong*)first), Avx2.BroadcastVector128ToVector256((ulong*)second));
        return Avx512F.ShiftRightLogicalVariable(bytes, Vector512.Create(0ul, 0, 4, 4, 0, 0, 4, 4)).AsByte() & Vector512.Create((byte)15);
    }

    /// <summary>The fifth bits of elements 0 to 15 or 16 to 31, as 0 or 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> FifthBits16(byte* bits, int half)
    {
        Vector128<byte> spread = Vector128.ShuffleNative(
            Vector128.Create(*(ushort*)(bits + (2 * half))).AsByte(), Vector128.Create(0ul, 0x0101010101010101).AsByte());
        Vector128<byte> mask = Vector128.Create(0x8040201008040201ul).AsByte();
        return Vector128.Equals(spread & mask, mask) & Vector128.Create((byte)16);
    }

    /// <summary>The fifth bits of all 32 elements, as 0 or 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> FifthBits32Avx2(byte* bits)
    {
        Vector256<byte> spread = Avx2.Shuffle(
            Vector256.Create(*(uint*)bits).AsByte(),
            Vector256.Create(0ul, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303).AsByte());
        Vector256<byte> mask = Vector256.Create(0x8040201008040201ul).AsByte();
        return Vector256.Equals(spread & mask, mask) & Vector256.Create((byte)16);
    }

    /// <summary>The fifth bits of all elements of two blocks, as 0 or 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> FifthBits64Avx512(byte* first, byte* second)
    {
        Vector512<ulong> bits = Vector512.Create(*(uint*)first | ((ulong)*(uint*)second << 32));
        if (Avx512Vbmi.IsSupported)
        {
            // Byte i takes the eight bits from bit i − 4 on.
            Vector512<byte> starts = Vector512.Create(
                0x03020100_3F3E3D3Cul, 0x0B0A0908_07060504, 0x13121110_0F0E0D0C, 0x1B1A1918_17161514,
                0x23222120_1F1E1D1C, 0x2B2A2928_27262524, 0x33323130_2F2E2D2C, 0x3B3A3938_37363534).AsByte();
            return Avx512Vbmi.MultiShift(starts, bits) & Vector512.Create((byte)16);
        }
        Vector512<byte> spread = Avx512BW.Shuffle(
            bits.AsByte(),
            Vector512.Create(
                0ul, 0x0101010101010101, 0x0202020202020202, 0x0303030303030303,
                0x0404040404040404, 0x0505050505050505, 0x0606060606060606, 0x0707070707070707).AsByte());
        Vector512<byte> mask = Vector512.Create(0x8040201008040201ul).AsByte();
        return Vector512.Equals(spread & mask, mask) & Vector512.Create((byte)16);
    }

    /// <summary>The entries of a table of 16 signed bytes at 64 indices below 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<sbyte> LookupAvx512(Vector128<sbyte> table, Vector512<byte> indices) =>
        Avx512BW.Shuffle(WideVectors.FourTimes(table), indices.AsSByte());

    /// <summary>The entries of a table of 16 signed bytes at 32 indices below 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<sbyte> LookupAvx2(Vector128<sbyte> table, Vector256<byte> indices) =>
        Avx2.Shuffle(Vector256.Create(table, table), indices.AsSByte());

    /// <summary>Packs the lower four bits of 32 elements.</summary>
    public static void Store32(byte* elements, byte* packed)
    {
        for (int i = 0; i < 16; i++)
        {
            packed[i] = (byte)((elements[i] & 15) | (elements[i + 16] << 4));
        }
    }

    /// <summary>Packs the fifth bits of 32 elements.</summary>
    public static uint StoreFifthBits32(byte* elements)
    {
        uint bits = 0;
        for (int i = 0; i < 32; i++)
        {
            bits |= (uint)((elements[i] >> 4) & 1) << i;
        }
        return bits;
    }
}
