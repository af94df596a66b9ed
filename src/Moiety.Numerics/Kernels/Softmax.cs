using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>The softmax of a vector.</summary>
public static unsafe class Softmax
{
    /// <summary>
    /// x = e^(x − max x) / Σ e^(x − max x), in place; the sum has a fixed order. An element of −∞ becomes 0; a vector of nothing
    /// but −∞, or one with NaN, becomes NaN.
    /// </summary>
    /// <param name="x">Logits in, probabilities out; nothing happens when empty.</param>
    public static void Apply(Span<float> x) => Apply(x, float.NegativeInfinity);

    /// <summary>
    /// The same with one more element that takes part in the maximum and in the sum and is not among the results: an attention
    /// sink (arXiv 2309.17453) with a learned logit, as in GPT-OSS. The results then sum to less than 1.
    /// </summary>
    /// <param name="x">Logits in, probabilities out; nothing happens when empty.</param>
    /// <param name="sink">Logit of the other element; −∞ for none.</param>
    public static void Apply(Span<float> x, float sink)
    {
        if (x.IsEmpty)
        {
            return;
        }
        fixed (float* values = x)
        {
            Vector512<float> max = Vector512.Create(MathF.Max(Max(values, x.Length), sink));
            Vector512<float> sums = Vector512<float>.Zero;
            int i = 0;
            for (; i <= x.Length - 16; i += 16)
            {
                Vector512<float> power = Exponential.Exp(Vector512.Load(values + i) - max);
                power.Store(values + i);
                sums += power;
            }
            if (i < x.Length)
            {
                // Lanes behind the end hold −∞ and add 0.
                Vector512<float> power = Exponential.Exp(Tail.Load(values + i, x.Length - i, float.NegativeInfinity) - max);
                Tail.Store(power, values + i, x.Length - i);
                sums += power;
            }
            float sum = Lanes512.Sum(sums);
            if (sink != float.NegativeInfinity)
            {
                sum += Exponential.Exp(Vector512.Create(sink) - max)[0];
            }
            VectorMath.Scale(1 / sum, x, x);
        }
    }

    private static float Max(float* values, int length)
    {
        Vector512<float> max = Vector512.Create(float.NegativeInfinity);
        int i = 0;
        for (; i <= length - 16; i += 16)
        {
            max = Vector512.Max(max, Vector512.Load(values + i));
        }
        if (i < length)
        {
            max = Vector512.Max(max, Tail.Load(values + i, length - i, float.NegativeInfinity));
        }
        Vector256<float> eight = Vector256.Max(max.GetLower(), max.GetUpper());
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        return MathF.Max(MathF.Max(four[0], four[1]), MathF.Max(four[2], four[3]));
    }
}
