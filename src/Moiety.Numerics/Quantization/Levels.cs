using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Quantization;

/// <summary>
/// Rounding to levels, and the weights of errors. Sums are taken one by one, in the order of ggml's quantizers: another order would
/// choose other levels now and then. What is summed may be computed in vectors.
/// </summary>
internal static unsafe class Levels
{
    /// <summary>A group whose largest magnitude is below this counts as all zeros.</summary>
    public const float Tiny = 1e-15f;

    /// <summary>Rounds to the nearest integer, ties to even, for |value| below 2^22.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Nearest(float value)
    {
        // 1.5 · 2^23: the sum keeps the integer in its lowest bits.
        const float Magic = 12582912;
        return (BitConverter.SingleToInt32Bits(value + Magic) & 0x007FFFFF) - 0x00400000;
    }

    /// <summary>Rounds and clamps to lowest … highest.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static int Nearest(float value, int lowest, int highest) => Math.Max(lowest, Math.Min(highest, Nearest(value)));

    /// <summary>Rounds to nearest integers, ties to even, for magnitudes below 2^22.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> Nearest(Vector512<float> values)
    {
        Vector512<float> magic = Vector512.Create(12582912f);
        return values + magic - magic;
    }

    /// <summary>Σ x².</summary>
    public static float SumOfSquares(float* x, int count)
    {
        float sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += x[i] * x[i];
        }
        return sum;
    }

    /// <summary>weights = importance · √(meanSquare + x²).</summary>
    public static void Weigh(float* x, float* importance, float meanSquare, int count, float* weights)
    {
        for (int i = 0; i < count; i++)
        {
            weights[i] = importance[i] * MathF.Sqrt(meanSquare + (x[i] * x[i]));
        }
    }

    /// <summary>Σ x, in order.</summary>
    public static float Sum(float* x, int count)
    {
        float sum = 0;
        for (int i = 0; i < count; i++)
        {
            sum += x[i];
        }
        return sum;
    }

    /// <summary>The value of largest magnitude, with its sign; the first of several.</summary>
    public static float Largest(float* x, int count, out float magnitude)
    {
        magnitude = 0;
        float largest = 0;
        for (int i = 0; i < count; i++)
        {
            if (MathF.Abs(x[i]) > magnitude)
            {
                magnitude = MathF.Abs(x[i]);
                largest = x[i];
            }
        }
        return largest;
    }
}
