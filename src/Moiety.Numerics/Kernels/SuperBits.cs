using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>Moves the few bits that super-blocks keep in separate bytes to where they belong.</summary>
internal static unsafe class SuperBits
{
    /// <summary>Sixteen bytes, their bit <paramref name="from"/> moved to bit <paramref name="to"/>, masked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<byte> Take16(byte* source, int from, int to, byte mask)
    {
        Vector128<ushort> words = Vector128.Load(source).AsUInt16();
        return (from < to ? words << (to - from) : words >>> (from - to)).AsByte() & Vector128.Create(mask);
    }

    /// <summary>32 bytes, their bit <paramref name="from"/> moved to bit <paramref name="to"/>, masked.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<byte> Take32(byte* source, int from, int to, byte mask)
    {
        Vector256<ushort> words = Vector256.Load(source).AsUInt16();
        return (from < to ? words << (to - from) : words >>> (from - to)).AsByte() & Vector256.Create(mask);
    }

    /// <summary>
    /// 32 bytes twice, their bit <paramref name="from"/> (in the second half <paramref name="step"/> bits further) moved to bit
    /// <paramref name="to"/>, masked.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<byte> Take64Avx512(byte* source, int from, int step, int to, byte mask)
    {
        ulong first = (ulong)(to - from) & 63;
        ulong second = (ulong)(to - from - step) & 63;
        Vector512<ulong> counts = Vector512.Create(first, first, first, first, second, second, second, second);
        return Avx512F.RotateLeftVariable(WideVectors.Twice(source), counts).AsByte() & Vector512.Create(mask);
    }

    /// <summary>Bit <paramref name="bit"/> of element i of each group of 32 becomes the group's bit of byte i.</summary>
    public static void Store(byte* levels, int bit, byte* packed)
    {
        for (int i = 0; i < 32; i++)
        {
            int bits = 0;
            for (int g = 0; g < 8; g++)
            {
                bits |= ((levels[(32 * g) + i] >> bit) & 1) << g;
            }
            packed[i] = (byte)bits;
        }
    }

    /// <summary>The lower two bits of 256 elements, as Q2_K and Q3_K hold them.</summary>
    public static void StorePairs(byte* levels, byte* packed)
    {
        for (int i = 0; i < 64; i++)
        {
            byte* column = levels + (128 * (i / 32)) + (i % 32);
            packed[i] = (byte)((column[0] & 3) | ((column[32] & 3) << 2) | ((column[64] & 3) << 4) | ((column[96] & 3) << 6));
        }
    }
}
