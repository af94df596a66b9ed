using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>Reads what stands at the start of eight quantized blocks that follow each other, and decodes scales.</summary>
internal static unsafe class BlockHeaders
{
    /// <summary>The first two bytes of each block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Words(byte* blocks, int bytes) => Avx512BW.IsSupported && bytes is 18 or 22
        ? Lanes256.Widen(WordsAvx512(blocks, bytes))
        : Lanes256.Widen(Vector128.Create(FourWords(blocks, bytes), FourWords(blocks + (4 * bytes), bytes)).AsUInt16());

    /// <summary>The first four bytes of each block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> DoubleWords(byte* blocks, int bytes) => Avx512F.IsSupported && bytes is 20 or 24
        ? DoubleWordsAvx512(blocks, bytes)
        : Vector256.Create(
            *(uint*)blocks,
            *(uint*)(blocks + bytes),
            *(uint*)(blocks + (2 * bytes)),
            *(uint*)(blocks + (3 * bytes)),
            *(uint*)(blocks + (4 * bytes)),
            *(uint*)(blocks + (5 * bytes)),
            *(uint*)(blocks + (6 * bytes)),
            *(uint*)(blocks + (7 * bytes)));

    /// <summary>The first byte of each block of 17.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Bytes17(byte* blocks)
    {
        if (Avx512Vbmi.IsSupported)
        {
            Vector512<byte> found = Avx512Vbmi.PermuteVar64x8x2(
                Vector512.Load(blocks), Vector512.Create(0x7766_5544_3322_1100ul).AsByte(), Vector512.Load(blocks + 64));
            return Avx2.ConvertToVector256Int32(found.GetLower().GetLower()).AsUInt32();
        }
        return Vector256.Create(
            *blocks,
            blocks[17],
            blocks[2 * 17],
            blocks[3 * 17],
            blocks[4 * 17],
            blocks[5 * 17],
            blocks[6 * 17],
            (uint)blocks[7 * 17]);
    }

    /// <summary>The half in the lower word of each lane, and the one in the upper word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DecodeHalves(Vector256<uint> headers, out Vector256<float> lower, out Vector256<float> upper)
    {
        lower = Lanes256.HalfToSingle(headers);
        upper = Lanes256.HalfToSingle(headers >>> 16);
    }

    /// <summary>The half in the lower word of each lane, and the one in the upper word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DecodeHalvesAvx512(Vector512<uint> headers, out Vector512<float> lower, out Vector512<float> upper)
    {
        lower = Lanes512.HalfToSingle(headers);
        upper = Lanes512.HalfToSingle(headers >>> 16);
    }

    /// <summary>Blocks of 18 or 22 bytes: all first words lie in the first 128 bytes, or the last two in the last 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<ushort> WordsAvx512(byte* blocks, int bytes)
    {
        Vector512<ushort> first = Vector512.Load((ushort*)blocks);
        Vector512<ushort> second = Vector512.Load((ushort*)(blocks + 64));
        if (bytes == 18)
        {
            Vector512<ushort> all = Vector512.Create(0x001B_0012_0009_0000ul, 0x003F_0036_002D_0024, 0, 0, 0, 0, 0, 0).AsUInt16();
            return Avx512BW.PermuteVar32x16x2(first, all, second).GetLower().GetLower();
        }
        Vector512<ushort> six = Vector512.Create(0x0021_0016_000B_0000ul, 0x0000_0000_0037_002C, 0, 0, 0, 0, 0, 0).AsUInt16();
        Vector512<ushort> found = Avx512BW.PermuteVar32x16x2(first, six, second);
        Vector512<ushort> last = Vector512.Load((ushort*)(blocks + 112));
        Vector512<ushort> joined = Vector512.Create(0x0003_0002_0001_0000ul, 0x0035_002A_0005_0004, 0, 0, 0, 0, 0, 0).AsUInt16();
        return Avx512BW.PermuteVar32x16x2(found, joined, last).GetLower().GetLower();
    }

    /// <summary>Blocks of 20 or 24 bytes: the first double words lie in the first 128 bytes, the last one or two in the last 64.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<uint> DoubleWordsAvx512(byte* blocks, int bytes)
    {
        Vector512<uint> first = Vector512.Load((uint*)blocks);
        Vector512<uint> second = Vector512.Load((uint*)(blocks + 64));
        Vector512<uint> last = Vector512.Load((uint*)(blocks + (8 * bytes) - 64));
        Vector512<uint> near = bytes == 20
            ? Vector512.Create(0u, 5, 10, 15, 20, 25, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0)
            : Vector512.Create(0u, 6, 12, 18, 24, 30, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
        Vector512<uint> found = Avx512F.PermuteVar16x32x2(first, near, second);
        Vector512<uint> joined = bytes == 20
            ? Vector512.Create(0u, 1, 2, 3, 4, 5, 6, 16 + 11, 0, 0, 0, 0, 0, 0, 0, 0)
            : Vector512.Create(0u, 1, 2, 3, 4, 5, 16 + 4, 16 + 10, 0, 0, 0, 0, 0, 0, 0, 0);
        return Avx512F.PermuteVar16x32x2(found, joined, last).GetLower();
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FourWords(byte* block, int bytes) =>
        *(ushort*)block
        | ((ulong)*(ushort*)(block + bytes) << 16)
        | ((ulong)*(ushort*)(block + (2 * bytes)) << 32)
        | ((ulong)*(ushort*)(block + (3 * bytes)) << 48);
}
