using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Training.Kernels;

/// <summary>
/// e^x for x &lt;= 0 in single precision, as a softmax needs it: x = n ln 2 + r, |r| &lt;= ln 2 / 2, e^x = 2^n (1 + r + r^2 P(r)) with the
/// polynomial of Cephes' expf (Moshier 1989). At most 2 units in the last place off; below -87, where it would leave the normal range, 0.
/// </summary>
internal static class Exponential
{
    /// <summary>e^x in every lane.</summary>
    /// <param name="x">Not positive; minus infinity gives 0, NaN stays NaN.</param>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    internal static Vector512<float> OfNegative(Vector512<float> x)
    {
        Vector512<float> lowest = Vector512.Create(-87f);
        Vector512<float> below = Vector512.LessThan(x, lowest);
        Vector512<float> clamped = Vector512.ConditionalSelect(below, lowest, x);
        Vector512<float> n = Vector512.Round(clamped * Vector512.Create(1.44269504f));

        // ln 2 in two parts; the first has few enough bits that n times it is exact.
        Vector512<float> r = Vector512.MultiplyAddEstimate(n, Vector512.Create(-0.693359375f), clamped);
        r = Vector512.MultiplyAddEstimate(n, Vector512.Create(2.12194440e-4f), r);
        Vector512<float> p = Vector512.Create(1.9875691500e-4f);
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(1.3981999507e-3f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(8.3334519073e-3f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(4.1665795894e-2f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(1.6666665459e-1f));
        p = Vector512.MultiplyAddEstimate(p, r, Vector512.Create(5.0000001201e-1f));
        p = Vector512.MultiplyAddEstimate(p, r * r, r) + Vector512<float>.One;
        Vector512<float> power = ((Vector512.ConvertToInt32Native(n) + Vector512.Create(127)) << 23).AsSingle();
        return Vector512.ConditionalSelect(below, Vector512<float>.Zero, p * power);
    }
}
