using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Layer normalization (Ba, Kiros and Hinton, arXiv 1607.06450).</summary>
public static unsafe class LayerNorm
{
    /// <summary>output = (x − mean(x)) / √(variance(x) + epsilon) · weight + bias, with the variance of all d elements.</summary>
    /// <param name="x">Input, [d].</param>
    /// <param name="weight">Gain, [d]; empty for ones.</param>
    /// <param name="bias">Shift, [d]; empty for zeros.</param>
    /// <param name="epsilon">Keeps the root away from zero.</param>
    /// <param name="output">Output, [d]; may be x.</param>
    /// <exception cref="ArgumentException">The lengths differ.</exception>
    public static void Apply(ReadOnlySpan<float> x, ReadOnlySpan<float> weight, ReadOnlySpan<float> bias, float epsilon, Span<float> output)
    {
        Lengths.CheckEqual("LayerNorm", "x", x.Length, "output", output.Length);
        if (!weight.IsEmpty)
        {
            Lengths.CheckEqual("LayerNorm", "x", x.Length, "weight", weight.Length);
        }
        if (!bias.IsEmpty)
        {
            Lengths.CheckEqual("LayerNorm", "x", x.Length, "bias", bias.Length);
        }
        fixed (float* source = x, gain = weight, shift = bias, target = output)
        {
            // Two passes: the mean first, since Σx² − d·mean² cancels where the mean is large.
            float mean = Sum(source, x.Length) / x.Length;
            Vector512<float> means = Vector512.Create(mean);
            Vector512<float> squares = Vector512<float>.Zero;
            int i = 0;
            for (; i <= x.Length - 16; i += 16)
            {
                Vector512<float> centered = Vector512.Load(source + i) - means;
                centered.Store(target + i);
                squares = Vector512.MultiplyAddEstimate(centered, centered, squares);
            }
            if (i < x.Length)
            {
                int rest = x.Length - i;
                Vector512<float> centered = Tail.Load(source + i, rest, mean) - means;
                Tail.Store(centered, target + i, rest);
                squares = Vector512.MultiplyAddEstimate(centered, centered, squares);
            }
            float scale = 1 / MathF.Sqrt((Lanes512.Sum(squares) / x.Length) + epsilon);
            Finish(target, gain, shift, scale, x.Length);
        }
    }

    private static float Sum(float* x, int length)
    {
        Vector512<float> sum = Vector512<float>.Zero;
        int i = 0;
        for (; i <= length - 16; i += 16)
        {
            sum += Vector512.Load(x + i);
        }
        if (i < length)
        {
            sum += Tail.Load(x + i, length - i);
        }
        return Lanes512.Sum(sum);
    }

    private static void Finish(float* target, float* gain, float* shift, float scale, int length)
    {
        Vector512<float> factor = Vector512.Create(scale);
        int i = 0;
        for (; i <= length - 16; i += 16)
        {
            Vector512<float> value = Vector512.Load(target + i) * factor;
            value = gain is null ? value : value * Vector512.Load(gain + i);
            value = shift is null ? value : value + Vector512.Load(shift + i);
            value.Store(target + i);
        }
        for (; i < length; i++)
        {
            float value = target[i] * scale;
            value = gain is null ? value : value * gain[i];
            target[i] = shift is null ? value : value + shift[i];
        }
    }
}
