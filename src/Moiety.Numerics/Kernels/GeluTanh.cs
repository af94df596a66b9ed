using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// The approximation of GELU by tanh (Hendrycks and Gimpel, arXiv 1606.08415): x/2·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³),
/// computed as x / (1 + e^(−2u)).
/// </summary>
public static class GeluTanh
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
            Vector512<float> cubic = Vector512.MultiplyAddEstimate(x * x, Vector512.Create(0.044715f), Vector512<float>.One);
            Vector512<float> exponent = x * cubic * Vector512.Create(-1.5957691216f);
            return x / (Vector512<float>.One + Exponential.Exp(exponent));
        }
    }
}
