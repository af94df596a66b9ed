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
    /// <param name="count">How many values.</param>
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
        float inverse = limit / (maximum - minimum);
        float scale = 1 / inverse;
        for (int i = 0; i < count; i++)
        {
            levels[i] = (byte)Levels.Nearest(inverse * (x[i] - minimum), 0, limit);
        }
        float smallest = regression.Error(scale, minimum, levels, grid.Absolute);
        byte* candidates = stackalloc byte[count];
        for (int step = 0; step <= grid.Steps; step++)
        {
            inverse = (grid.First + (grid.Step * step) + limit) / (maximum - minimum);
            for (int i = 0; i < count; i++)
            {
                // The minimum is the best one so far and may lie at or near the maximum: the product may be anything.
                float position = inverse * (x[i] - minimum);
                candidates[i] = position > 0 ? (byte)Levels.Nearest(MathF.Min(position, limit)) : (byte)0;
            }
            if (!regression.Solve(candidates, out float candidateScale, out float candidateMinimum))
            {
                continue;
            }
            float error = regression.Error(candidateScale, candidateMinimum, candidates, grid.Absolute);
            if (error < smallest)
            {
                new ReadOnlySpan<byte>(candidates, count).CopyTo(new Span<byte>(levels, count));
                (smallest, scale, minimum) = (error, candidateScale, candidateMinimum);
            }
        }
        return scale;
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

        public readonly bool Solve(byte* levels, out float scale, out float minimum)
        {
            float sum = 0;
            float squares = 0;
            float products = 0;
            for (int i = 0; i < Count; i++)
            {
                int level = levels[i];
                sum += Weights[i] * level;
                squares += Weights[i] * level * level;
                products += Weights[i] * level * Values[i];
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

        public readonly float Error(float scale, float minimum, byte* levels, bool absolute)
        {
            float error = 0;
            for (int i = 0; i < Count; i++)
            {
                float difference = (scale * levels[i]) + minimum - Values[i];
                error += Weights[i] * (absolute ? MathF.Abs(difference) : difference * difference);
            }
            return error;
        }
    }
}
