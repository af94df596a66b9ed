using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Rotary position embedding (Su et al., arXiv 2104.09864) of one head in place, from a table of the position's cosines and
/// sines. Elements behind twice the table's length are left as they are (partial rotation).
/// </summary>
public static unsafe class Rotary
{
    /// <summary>Rotates the pairs (i, i + r), r = cos.Length: the order of Hugging Face checkpoints.</summary>
    /// <param name="head">Query or key of one head, at least [2·r].</param>
    /// <param name="cos">Cosine of every angle, [r].</param>
    /// <param name="sin">Sine of every angle, [r].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void RotateHalves(Span<float> head, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Check(head.Length, cos.Length, sin.Length);
        int half = cos.Length;
        fixed (float* x = head, c = cos, s = sin)
        {
            int i = 0;
            for (; i <= half - 16; i += 16)
            {
                Vector512<float> first = Vector512.Load(x + i);
                Vector512<float> second = Vector512.Load(x + half + i);
                Vector512<float> cosine = Vector512.Load(c + i);
                Vector512<float> sine = Vector512.Load(s + i);
                ((first * cosine) - (second * sine)).Store(x + i);
                ((second * cosine) + (first * sine)).Store(x + half + i);
            }
            for (; i < half; i++)
            {
                (float first, float second) = (x[i], x[half + i]);
                x[i] = (first * c[i]) - (second * s[i]);
                x[half + i] = (second * c[i]) + (first * s[i]);
            }
        }
    }

    /// <summary>Rotates the neighbors (2i, 2i + 1): the order of GGUF Llama files and of llama2.c.</summary>
    /// <param name="head">Query or key of one head, at least [2·r].</param>
    /// <param name="cos">Cosine of every angle, [r].</param>
    /// <param name="sin">Sine of every angle, [r].</param>
    /// <exception cref="ArgumentException">The lengths do not fit.</exception>
    public static void RotatePairs(Span<float> head, ReadOnlySpan<float> cos, ReadOnlySpan<float> sin)
    {
        Check(head.Length, cos.Length, sin.Length);
        fixed (float* x = head, c = cos, s = sin)
        {
            for (int i = 0; i < cos.Length; i++)
            {
                (float first, float second) = (x[2 * i], x[(2 * i) + 1]);
                x[2 * i] = (first * c[i]) - (second * s[i]);
                x[(2 * i) + 1] = (second * c[i]) + (first * s[i]);
            }
        }
    }

    private static void Check(int head, int cos, int sin)
    {
        Lengths.CheckEqual("Rotary", "cos", cos, "sin", sin);
        if (2L * cos > head)
        {
            throw new ArgumentException($"Rotary: {cos} angles rotate {2L * cos} elements, the head has {head}.");
        }
    }
}
