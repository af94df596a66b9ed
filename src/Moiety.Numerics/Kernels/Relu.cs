using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>The rectifier max(x, 0) and its square (So et al., arXiv 2109.08668).</summary>
public static class Relu
{
    /// <summary>output = max(x, 0).</summary>
    /// <param name="x">Input, [n].</param>
    /// <param name="output">Output, [n]; may be x.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> x, Span<float> output) => ElementWise.Apply<Function>(x, output);

    /// <summary>output = max(x, 0)².</summary>
    /// <param name="x">Input, [n].</param>
    /// <param name="output">Output, [n]; may be x.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void ApplySquared(ReadOnlySpan<float> x, Span<float> output) => ElementWise.Apply<Square>(x, output);

    private readonly struct Function : ILaneFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x) => Vector512.Max(x, Vector512<float>.Zero);
    }

    private readonly struct Square : ILaneFunction
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Of(Vector512<float> x)
        {
            Vector512<float> positive = Vector512.Max(x, Vector512<float>.Zero);
            return positive * positive;
        }
    }
}
