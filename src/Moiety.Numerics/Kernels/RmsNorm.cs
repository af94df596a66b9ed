using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Root mean square normalization (Zhang and Sennrich, arXiv 1910.07467).</summary>
public static unsafe class RmsNorm
{
    /// <summary>output = x / √(mean(x²) + epsilon) · weight.</summary>
    /// <param name="x">Input, [d].</param>
    /// <param name="weight">Gain, [d].</param>
    /// <param name="epsilon">Keeps the root away from zero.</param>
    /// <param name="output">Output, [d]; may be x.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, float epsilon, Span<float> output)
    {
        Lengths.CheckEqual("RmsNorm", "x", x.Length, "weight", weight.Length);
        Lengths.CheckEqual("RmsNorm", "x", x.Length, "output", output.Length);
        float scale = 1 / MathF.Sqrt((VectorMath.Dot(x, x) / x.Length) + epsilon);
        Vector512<float> factor = Vector512.Create(scale);
        fixed (float* source = x, gain = weight, target = output)
        {
            int i = 0;
            for (; i <= x.Length - 16; i += 16)
            {
                (Vector512.Load(source + i) * factor * Vector512.Load(gain + i)).Store(target + i);
            }
            for (; i < x.Length; i++)
            {
                target[i] = source[i] * scale * gain[i];
            }
        }
    }
}
