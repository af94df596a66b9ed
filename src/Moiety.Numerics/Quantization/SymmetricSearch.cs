using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Quantization;

/// <summary>
/// Finds the scale d and the levels l in −limit … limit − 1 with x ≈ d·l; levels are returned as l + limit. The searches, and the
/// order of their operations, are those of ggml's quantizers, so that the same values give the same bytes.
/// </summary>
internal static unsafe class SymmetricSearch
{
    /// <summary>Levels of 32 values with d = m / −limit, where m is the value of largest magnitude.</summary>
    /// <returns>d.</returns>
    public static float Round(float* x, int limit, byte* levels)
    {
        float scale = Levels.Largest(x, 32, out _) / -limit;
        float inverse = scale != 0 ? 1 / scale : 0;
        for (int i = 0; i < 32; i++)
        {
            levels[i] = (byte)Math.Clamp((int)((x[i] * inverse) + (limit + 0.5f)), 0, (2 * limit) - 1);
        }
        return scale;
    }

    /// <summary>As <see cref="Fit(float*, float*, int, int, byte*)"/> with the weights importance · √(meanSquare + x²).</summary>
    public static float Fit(float* x, float* importance, float meanSquare, int count, int limit, byte* levels)
    {
        float* weights = stackalloc float[count];
        Levels.Weigh(x, importance, meanSquare, count, weights);
        return Fit(x, weights, count, limit, levels);
    }

    /// <summary>
    /// Tries scales around m / −limit; for each, the best d given its levels is Σ w·x·l / Σ w·l², which takes off
    /// (Σ w·x·l)² / Σ w·l² of the squared error.
    /// </summary>
    /// <param name="x">The values.</param>
    /// <param name="weights">Weights of the squared errors; null for x².</param>
    /// <param name="count">How many values; a multiple of 16.</param>
    /// <param name="limit">Levels are −limit … limit − 1.</param>
    /// <param name="levels">The levels plus limit; all 0 when the values are.</param>
    /// <returns>d.</returns>
    public static float Fit(float* x, float* weights, int count, int limit, byte* levels)
    {
        float largest = Levels.Largest(x, count, out float magnitude);
        if (magnitude < Levels.Tiny)
        {
            new Span<byte>(levels, count).Clear();
            return 0;
        }
        float inverse = -limit / largest;
        Sums(x, weights, count, limit, inverse, out float products, out float squares);
        Round(x, count, limit, inverse, levels);
        float scale = squares != 0 ? products / squares : 0;
        float best = scale * products;
        for (int step = -9; step <= 9; step++)
        {
            if (step == 0)
            {
                continue;
            }
            inverse = -(limit + (0.1f * step)) / largest;
            Sums(x, weights, count, limit, inverse, out products, out squares);
            if (squares > 0 && products * products > best * squares)
            {
                Round(x, count, limit, inverse, levels);
                scale = products / squares;
                best = scale * products;
            }
        }
        return scale;
    }

    /// <summary>
    /// Starts from d = m / −limit and moves one level at a time to where the squared error, weighted with x², is smaller.
    /// </summary>
    /// <returns>d.</returns>
    public static float FitInTurn(float* x, int count, int limit, byte* levels)
    {
        float largest = Levels.Largest(x, count, out float magnitude);
        if (magnitude < Levels.Tiny)
        {
            new Span<byte>(levels, count).Clear();
            return 0;
        }
        float inverse = -limit / largest;
        Sums(x, null, count, limit, inverse, out float products, out float squares);
        Round(x, count, limit, inverse, levels);
        bool changed = true;
        for (int round = 0; round < 5 && changed; round++)
        {
            changed = false;
            for (int i = 0; i < count; i++)
            {
                int level = levels[i] - limit;
                float weight = x[i] * x[i];
                float otherProducts = products - (weight * x[i] * level);
                if (!(otherProducts > 0))
                {
                    continue;
                }
                float otherSquares = squares - (weight * level * level);
                int candidate = Levels.Nearest(x[i] * otherSquares / otherProducts, -limit, limit - 1);
                if (candidate == level)
                {
                    continue;
                }
                otherProducts += weight * x[i] * candidate;
                otherSquares += weight * candidate * candidate;
                if (otherSquares > 0 && otherProducts * otherProducts * squares > products * products * otherSquares)
                {
                    levels[i] = (byte)(candidate + limit);
                    (products, squares) = (otherProducts, otherSquares);
                    changed = true;
                }
            }
        }
        return squares > 0 ? products / squares : 0;
    }

    /// <summary>Scale of small non-negative numbers x ≈ d·l, l in 0 … limit: the scales and minimums of a super-block.</summary>
    /// <returns>d.</returns>
    public static float FitPositive(float* x, float* weights, int count, int limit, byte* levels)
    {
        float largest = 0;
        for (int i = 0; i < count; i++)
        {
            largest = MathF.Max(largest, x[i]);
        }
        if (largest < Levels.Tiny)
        {
            new Span<byte>(levels, count).Clear();
            return 0;
        }
        float inverse = limit / largest;
        float smallest = PositiveError(x, weights, count, int.MaxValue, inverse);
        for (int step = -4; step <= 4; step++)
        {
            float candidate = ((0.1f * step) + limit) / largest;
            float error = step == 0 ? float.PositiveInfinity : PositiveError(x, weights, count, limit, candidate);
            if (error < smallest)
            {
                (smallest, inverse) = (error, candidate);
            }
        }
        float products = 0;
        float squares = 0;
        for (int i = 0; i < count; i++)
        {
            int level = Math.Min(limit, Levels.Nearest(inverse * x[i]));
            levels[i] = (byte)level;
            products += weights[i] * x[i] * level;
            squares += weights[i] * level * level;
        }
        MovePositive(x, weights, count, limit, levels, ref products, ref squares);
        return squares > 0 ? products / squares : 0;
    }

    /// <summary>The levels of x ≈ d·l with the rounded scale of a super-block; when it is zero they stay as they are.</summary>
    public static void SetLevels(float* x, int count, int limit, float scale, byte* levels)
    {
        for (int i = 0; i < count && scale != 0; i++)
        {
            levels[i] = (byte)(Levels.Nearest(x[i] / scale, -limit, limit - 1) + limit);
        }
    }

    private static void MovePositive(float* x, float* weights, int count, int limit, byte* levels, ref float products, ref float squares)
    {
        bool changed = true;
        for (int round = 0; round < 5 && changed; round++)
        {
            changed = false;
            for (int i = 0; i < count; i++)
            {
                float weight = weights[i];
                float otherProducts = products - (weight * x[i] * levels[i]);
                float otherSquares = squares - (weight * levels[i] * levels[i]);
                if (!(otherProducts > 0 && otherSquares > 0))
                {
                    continue;
                }
                int candidate = Math.Min(limit, Levels.Nearest(x[i] * otherSquares / otherProducts));
                if (candidate == levels[i])
                {
                    continue;
                }
                otherProducts += weight * x[i] * candidate;
                otherSquares += weight * candidate * candidate;
                if (otherProducts * otherProducts * squares > products * products * otherSquares)
                {
                    levels[i] = (byte)candidate;
                    (products, squares) = (otherProducts, otherSquares);
                    changed = true;
                }
            }
        }
    }

    private static float PositiveError(float* x, float* weights, int count, int limit, float inverse)
    {
        float scale = 1 / inverse;
        float error = 0;
        for (int i = 0; i < count; i++)
        {
            float difference = x[i] - (scale * Math.Min(limit, Levels.Nearest(inverse * x[i])));
            error += weights[i] * difference * difference;
        }
        return error;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums(float* x, float* weights, int count, int limit, float inverse, out float products, out float squares)
    {
        float* product = stackalloc float[count];
        float* square = stackalloc float[count];
        for (int i = 0; i < count; i += Vector512<float>.Count)
        {
            Vector512<float> values = Vector512.Load(x + i);
            Vector512<float> level = Vector512.Max(
                Vector512.Create((float)-limit), Vector512.Min(Vector512.Create(limit - 1f), Levels.Nearest(Vector512.Create(inverse) * values)));
            Vector512<float> weight = weights is null ? values * values : Vector512.Load(weights + i);
            (weight * values * level).Store(product + i);
            (weight * level * level).Store(square + i);
        }
        products = 0;
        squares = 0;
        for (int i = 0; i < count; i++)
        {
            products += product[i];
            squares += square[i];
        }
    }

    private static void Round(float* x, int count, int limit, float inverse, byte* levels)
    {
        for (int i = 0; i < count; i++)
        {
            levels[i] = (byte)(limit + Levels.Nearest(inverse * x[i], -limit, limit - 1));
        }
    }
}
