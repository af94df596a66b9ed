using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Quantization;

/// <summary>
/// Finds the scale d, the minimum m and the levels l in 0 … limit with x ≈ d·l + m. The searches, and the order of their
/// operations, are those of ggml's quantizers, so that the same values give the same bytes.
/// </summary>
internal static unsafe class AffineSearch
{
    /// <summary>The scales tried when errors are weighted by importance.</summary>
    public static Grid Weighted => new(-0.9f, 0.05f, 36, false);

    /// <summary>Levels of 32 values from their smallest to their largest.</summary>
    /// <returns>d.</returns>
    public static float Round(float* x, int limit, byte* levels, out float minimum)
    {
        minimum = float.MaxValue;
        float maximum = -float.MaxValue;
        for (int i = 0; i < 32; i++)
        {
            minimum = x[i] < minimum ? x[i] : minimum;
            maximum = x[i] > maximum ? x[i] : maximum;
        }
        float scale = (maximum - minimum) / limit;
        float inverse = scale != 0 ? 1 / scale : 0;
        for (int i = 0; i < 32; i++)
        {
            levels[i] = (byte)Math.Clamp((int)(((x[i] - minimum) * inverse) + 0.5f), 0, limit);
        }
        return scale;
    }

    /// <summary>As <see cref="Fit(float*, float*, int, int, Grid, byte*, out float)"/> with the weights importance · √(meanSquare + x²).</summary>
    public static float Fit(float* x, float* importance, float meanSquare, int count, int limit, byte* levels, out float minimum)
    {
        float* weights = stackalloc float[count];
        Levels.Weigh(x, importance, meanSquare, count, weights);
        return Fit(x, weights, count, limit, Weighted, levels, out minimum);
    }

    /// <summary>
    /// Tries scales; for each, the best d and m given its levels follow from weighted linear regression. m is never above zero.
    /// </summary>
    /// <param name="x">The values.</param>
    /// <param name="weights">Weights of the errors.</param>
    /// <param name="count">How many values; a multiple of 16.</param>
    /// <param name="limit">Levels are 0 … limit.</param>
    /// <param name="grid">The scales to try.</param>
    /// <param name="levels">The levels.</param>
    /// <param name="minimum">m.</param>
    /// <returns>d.</returns>
    public static float Fit(float* x, float* weights, int count, int limit, Grid grid, byte* levels, out float minimum)
    {
        Range(x, count, out minimum, out float maximum);
        if (!(maximum > minimum))
        {
            new Span<byte>(levels, count).Clear();
            return 0;
        }
        Regression regression = new() { Values = x, Weights = weights, Count = count };
        for (int i = 0; i < count; i++)
        {
            regression.SumOfWeights += weights[i];
            regression.SumOfValues += weights[i] * x[i];
        }
        float* best = stackalloc float[count];
        float* candidates = stackalloc float[count];
        float inverse = limit / (maximum - minimum);
        float scale = 1 / inverse;
        Assign(x, count, inverse, minimum, limit, best);
        float smallest = regression.Error(scale, minimum, best, grid.Absolute);
        for (int step = 0; step <= grid.Steps; step++)
        {
            inverse = (grid.First + (grid.Step * step) + limit) / (maximum - minimum);
            Assign(x, count, inverse, minimum, limit, candidates);
            if (!regression.Solve(candidates, out float candidateScale, out float candidateMinimum))
            {
                continue;
            }
            float error = regression.Error(candidateScale, candidateMinimum, candidates, grid.Absolute);
            if (error < smallest)
            {
                new ReadOnlySpan<float>(candidates, count).CopyTo(new Span<float>(best, count));
                (smallest, scale, minimum) = (error, candidateScale, candidateMinimum);
            }
        }
        for (int i = 0; i < count; i++)
        {
            levels[i] = (byte)best[i];
        }
        return scale;
    }

    /// <summary>Nearest levels. The minimum may lie at or near the maximum of the values, and a position be anything, even NaN.</summary>
    private static void Assign(float* x, int count, float inverse, float minimum, int limit, float* levels)
    {
        for (int i = 0; i < count; i += Vector512<float>.Count)
        {
            Vector512<float> position = Vector512.Create(inverse) * (Vector512.Load(x + i) - Vector512.Create(minimum));
            Vector512<float> level = Levels.Nearest(Vector512.Min(position, Vector512.Create((float)limit)));
            Vector512.ConditionalSelect(Vector512.GreaterThan(position, Vector512<float>.Zero), level, Vector512<float>.Zero).Store(levels + i);
        }
    }

    private static void Range(float* x, int count, out float minimum, out float maximum)
    {
        minimum = x[0];
        maximum = x[0];
        for (int i = 1; i < count; i++)
        {
            minimum = x[i] < minimum ? x[i] : minimum;
            maximum = x[i] > maximum ? x[i] : maximum;
        }
        minimum = minimum > 0 ? 0 : minimum;
    }

    /// <summary>Scales that are tried: (limit + First + Step·i) steps over the range of the values, i = 0 … Steps.</summary>
    /// <param name="First">Added to the number of steps at first.</param>
    /// <param name="Step">Added for each next scale.</param>
    /// <param name="Steps">Scales after the first.</param>
    /// <param name="Absolute">Compares absolute, not squared errors.</param>
    internal readonly record struct Grid(float First, float Step, int Steps, bool Absolute);

    /// <summary>Weighted regression of values on levels.</summary>
    private struct Regression
    {
        public float* Values;
        public float* Weights;
        public int Count;
        public float SumOfWeights;
        public float SumOfValues;

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly bool Solve(float* levels, out float scale, out float minimum)
        {
            float* level = stackalloc float[Count];
            float* square = stackalloc float[Count];
            float* product = stackalloc float[Count];
            for (int i = 0; i < Count; i += Vector512<float>.Count)
            {
                Vector512<float> weighted = Vector512.Load(Weights + i) * Vector512.Load(levels + i);
                weighted.Store(level + i);
                (weighted * Vector512.Load(levels + i)).Store(square + i);
                (weighted * Vector512.Load(Values + i)).Store(product + i);
            }
            float sum = 0;
            float squares = 0;
            float products = 0;
            for (int i = 0; i < Count; i++)
            {
                sum += level[i];
                squares += square[i];
                products += product[i];
            }
            float determinant = (SumOfWeights * squares) - (sum * sum);
            scale = ((SumOfWeights * products) - (SumOfValues * sum)) / determinant;
            minimum = ((squares * SumOfValues) - (sum * products)) / determinant;
            if (minimum > 0)
            {
                minimum = 0;
                scale = products / squares;
            }
            return determinant > 0;
        }

        [MethodImpl(MethodImplOptions.AggressiveOptimization)]
        public readonly float Error(float scale, float minimum, float* levels, bool absolute)
        {
            float* errors = stackalloc float[Count];
            for (int i = 0; i < Count; i += Vector512<float>.Count)
            {
                Vector512<float> difference =
                    (Vector512.Create(scale) * Vector512.Load(levels + i)) + Vector512.Create(minimum) - Vector512.Load(Values + i);
                Vector512<float> size = absolute ? Vector512.Abs(difference) : difference * difference;
                (Vector512.Load(Weights + i) * size).Store(errors + i);
            }
            float error = 0;
            for (int i = 0; i < Count; i++)
            {
                error += errors[i];
            }
            return error;
        }
    }
}
