using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// The error function in single precision: a polynomial near zero, e^(−x²)/x times a polynomial in 1/x² beyond, with the
/// coefficients of Cephes' ndtrf (Moshier 1989).
/// </summary>
internal static class ErrorFunction
{
    /// <summary>1 − erf(x) in every lane, between 0 and 2 and at most 2e-7 from the true value; NaN stays NaN.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Complement(Vector512<float> x)
    {
        Vector512<float> one = Vector512<float>.One;
        Vector512<float> size = Vector512.Abs(x);
        Vector512<float> near = Vector512.MultiplyAddEstimate(-x, Near(x * x), one);

        // Below 1 the other branch is taken: only keep the quotient finite there.
        Vector512<float> far = Far(Vector512.MaxNative(size, one));
        far = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512<float>.Zero), Vector512.Create(2f) - far, far);
        return Vector512.ConditionalSelect(Vector512.GreaterThan(size, one), far, near);
    }

    /// <summary>erf(x) / x for x² ≤ 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Near(Vector512<float> square)
    {
        Vector512<float> p = Vector512.Create(7.853861353153693e-5f);
        p = Vector512.MultiplyAddEstimate(p, square, Vector512.Create(-8.010193625184903e-4f));
        p = Vector512.MultiplyAddEstimate(p, square, Vector512.Create(5.188327685732524e-3f));
        p = Vector512.MultiplyAddEstimate(p, square, Vector512.Create(-2.685381193529856e-2f));
        p = Vector512.MultiplyAddEstimate(p, square, Vector512.Create(1.128358514861418e-1f));
        p = Vector512.MultiplyAddEstimate(p, square, Vector512.Create(-3.761262582423300e-1f));
        return Vector512.MultiplyAddEstimate(p, square, Vector512.Create(1.128379165726710f));
    }

    /// <summary>1 − erf(x) for x ≥ 1.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<float> Far(Vector512<float> x)
    {
        Vector512<float> inverse = Vector512<float>.One / x;
        Vector512<float> y = inverse * inverse;
        Vector512<float> below = Vector512.Create(2.326819970068386e-2f);
        below = Vector512.MultiplyAddEstimate(below, y, Vector512.Create(-1.387039388740657e-1f));
        below = Vector512.MultiplyAddEstimate(below, y, Vector512.Create(3.687424674597105e-1f));
        below = Vector512.MultiplyAddEstimate(below, y, Vector512.Create(-5.824733027278666e-1f));
        below = Vector512.MultiplyAddEstimate(below, y, Vector512.Create(6.210004621745983e-1f));
        below = Vector512.MultiplyAddEstimate(below, y, Vector512.Create(-4.944515323274145e-1f));
        below = Vector512.MultiplyAddEstimate(below, y, Vector512.Create(3.404879937665872e-1f));
        below = Vector512.MultiplyAddEstimate(below, y, Vector512.Create(-2.741127028184656e-1f));
        below = Vector512.MultiplyAddEstimate(below, y, Vector512.Create(5.638259427386472e-1f));
        Vector512<float> above = Vector512.Create(-1.047766399936249e1f);
        above = Vector512.MultiplyAddEstimate(above, y, Vector512.Create(1.297719955372516e1f));
        above = Vector512.MultiplyAddEstimate(above, y, Vector512.Create(-7.495518717768503f));
        above = Vector512.MultiplyAddEstimate(above, y, Vector512.Create(2.921019019210786f));
        above = Vector512.MultiplyAddEstimate(above, y, Vector512.Create(-1.015265279202700f));
        above = Vector512.MultiplyAddEstimate(above, y, Vector512.Create(4.218463358204948e-1f));
        above = Vector512.MultiplyAddEstimate(above, y, Vector512.Create(-2.820767439740514e-1f));
        above = Vector512.MultiplyAddEstimate(above, y, Vector512.Create(5.641895067754075e-1f));
        Vector512<float> p = Vector512.ConditionalSelect(Vector512.LessThan(x, Vector512.Create(2f)), below, above);
        return Exponential.Exp(-(x * x)) * inverse * p;
    }
}
