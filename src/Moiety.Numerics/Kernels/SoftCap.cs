using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Soft-capping of logits and attention scores (Gemma 2, arXiv 2408.00118).</summary>
public static unsafe class SoftCap
{
    /// <summary>x = cap · tanh(x / cap), in place. An element's result does not depend on where it stands in the span.</summary>
    /// <param name="x">Values.</param>
    /// <param name="cap">What the values stay below, positive.</param>
    public static void Apply(Span<float> x, float cap)
    {
        Vector512<float> factor = Vector512.Create(cap);
        Vector512<float> inverse = Vector512.Create(1 / cap);
        fixed (float* values = x)
        {
            int i = 0;
            for (; i <= x.Length - 16; i += 16)
            {
                (factor * Tanh(Vector512.Load(values + i) * inverse)).Store(values + i);
            }
            if (i < x.Length)
            {
                int rest = x.Length - i;
                Tail.Store(factor * Tanh(Tail.Load(values + i, rest) * inverse), values + i, rest);
            }
        }
    }

    // Cephes' tanhf (Moshier 1989): a polynomial where 1 - 2 / (e^2x + 1) would cancel.
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Tanh(Vector512<float> x)
    {
        Vector512<float> z = x * x;
        Vector512<float> p = Vector512.Create(-5.70498872745e-3f);
        p = Vector512.MultiplyAddEstimate(p, z, Vector512.Create(2.06390887954e-2f));
        p = Vector512.MultiplyAddEstimate(p, z, Vector512.Create(-5.37397155531e-2f));
        p = Vector512.MultiplyAddEstimate(p, z, Vector512.Create(1.33314422036e-1f));
        p = Vector512.MultiplyAddEstimate(p, z, Vector512.Create(-3.33332819422e-1f));
        Vector512<float> near = Vector512.MultiplyAddEstimate(p * z, x, x);
        Vector512<float> power = Exponential.Exp(x + x);
        Vector512<float> far = Vector512<float>.One - Vector512.Create(2f) / (power + Vector512<float>.One);
        return Vector512.ConditionalSelect(Vector512.LessThan(Vector512.Abs(x), Vector512.Create(0.625f)), near, far);
    }
}
