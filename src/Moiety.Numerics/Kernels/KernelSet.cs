using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// The instruction set that matrix products are compiled for. Picked once, when an <see cref="Products.ActivationBuffer"/> is
/// created; the sets may differ from each other in the last bits, never within themselves.
/// </summary>
internal enum KernelSet
{
    /// <summary><see cref="Vector128"/> code that is right on every processor.</summary>
    Portable,

    /// <summary>x64 with AVX2 and FMA.</summary>
    Avx2,

    /// <summary>x64 with AVX-512 F, BW and DQ.</summary>
    Avx512,
}
