using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>Hints that memory will be read soon; without effect where the processor has none.</summary>
internal static unsafe class Prefetch
{
    private const int LineBytes = 64;

    /// <summary>Asks for a range of bytes, into the second-level cache. The range may lie outside of any allocation.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Range(byte* start, long bytes)
    {
        if (Sse.IsSupported)
        {
            for (long i = 0; i < bytes; i += LineBytes)
            {
                Sse.Prefetch1(start + i);
            }
        }
    }
}
