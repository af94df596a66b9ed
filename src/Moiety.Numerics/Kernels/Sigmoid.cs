using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>The logistic function σ(x) = 1 / (1 + e^−x).</summary>
public static class Sigmoid
{
    /// <summary>output = σ(x).</summary>
    /// <param name="x">Input, [n].</param>
    /// <param name="output">Output, [n]; may be x.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> x, Span<float> output) => ElementWise.Apply<Function>(x, output);

    private readonly struct Function : ILaneFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Exponential.Exp(-x));
    }
}
