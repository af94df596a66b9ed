using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// The exact GELU (Hendrycks and Gimpel, arXiv 1606.08415): x·Φ(x) with the distribution function of the normal distribution,
/// Φ(x) = erfc(−x/√2) / 2, within 1e-7 of the true Φ.
/// </summary>
public static class Gelu
{
    /// <summary>output = gelu(x).</summary>
    /// <param name="x">Input, [n].</param>
    /// <param name="output">Output, [n]; may be x.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> x, Span<float> output) => ElementWise.Apply<Function>(x, output);

    /// <summary>output = gelu(gate) · up.</summary>
    /// <param name="gate">Gate projection, [n].</param>
    /// <param name="up">Up projection, [n].</param>
    /// <param name="output">Output, [n]; may be either input.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Gate(ReadOnlySpan<float> gate, ReadOnlySpan<float> up, Span<float> output) => ElementWise.Gate<Function>(gate, up, output);

    private readonly struct Function : ILaneFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x)
        {
            // For large |x| the product with Φ = 0 must not be infinity times zero.
            Vector512<float> bounded = Vector512.Max(x, Vector512.Create(-40f));
            return bounded * Vector512.Create(0.5f) * ErrorFunction.Complement(bounded * Vector512.Create(-0.70710678f));
        }
    }
}
