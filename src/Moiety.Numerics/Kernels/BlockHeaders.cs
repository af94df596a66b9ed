using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Reads what stands at the start of eight quantized blocks that follow each other, and decodes scales.</summary>
internal static unsafe class BlockHeaders
{
    /// <summary>The first two bytes of each block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> Words(byte* blocks, int bytes) =>
        Lanes256.Widen(Vector128.Create(FourWords(blocks, bytes), FourWords(blocks + (4 * bytes), bytes)).AsUInt16());

    /// <summary>The first four bytes of each block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<uint> DoubleWords(byte* blocks, int bytes) => Vector256.Create(
        *(uint*)blocks,
        *(uint*)(blocks + bytes),
        *(uint*)(blocks + (2 * bytes)),
        *(uint*)(blocks + (3 * bytes)),
        *(uint*)(blocks + (4 * bytes)),
        *(uint*)(blocks + (5 * bytes)),
        *(uint*)(blocks + (6 * bytes)),
        *(uint*)(blocks + (7 * bytes)));

    /// <summary>The half in the lower word of each lane, and the one in the upper word.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void DecodeHalves(Vector256<uint> headers, out Vector256<float> lower, out Vector256<float> upper)
    {
        lower = Lanes256.HalfToSingle(headers);
        upper = Lanes256.HalfToSingle(headers >>> 16);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FourWords(byte* block, int bytes) =>
        *(ushort*)block
        | ((ulong)*(ushort*)(block + bytes) << 16)
        | ((ulong)*(ushort*)(block + (2 * bytes)) << 32)
        | ((ulong)*(ushort*)(block + (3 * bytes)) << 48);
}
