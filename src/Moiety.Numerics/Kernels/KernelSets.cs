using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>Which kernel sets this processor runs.</summary>
internal static class KernelSets
{
    /// <summary>The fastest.</summary>
    public static KernelSet Best { get; } = Supports(KernelSet.Avx512) ? KernelSet.Avx512
        : Supports(KernelSet.Avx2) ? KernelSet.Avx2
        : KernelSet.Portable;

    /// <summary>Whether the processor (and the run-time's switches) allow a set.</summary>
    public static bool Supports(KernelSet set) => set switch
    {
        KernelSet.Avx512 => Avx512BW.IsSupported && Avx512DQ.IsSupported && Avx2.IsSupported && Fma.IsSupported,
        KernelSet.Avx2 => Avx2.IsSupported && Fma.IsSupported,
        _ => true,
    };
}
