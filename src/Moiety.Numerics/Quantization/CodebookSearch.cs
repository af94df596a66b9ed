using System.Runtime.Intrinsics;
using Moiety.Numerics.Formats;

namespace Moiety.Numerics.Quantization;

/// <summary>
/// Finds the scale d and the indices into <see cref="IQ4_NL.Table"/> with x ≈ d·t(index), 32 values at a time, as ggml does.
/// </summary>
internal static unsafe class CodebookSearch
{
    private const int Count = 32;

    /// <summary>2 · Σ x² / count: what ggml calls σ² here.</summary>
    public static float MeanSquareTwice(float* x, int count) => Levels.SumOfSquares(x, count) * (2f / count);

    /// <summary>
    /// Tries scales that put the value of largest magnitude near the table's first entry; given the indices, the best d is
    /// Σ w·t·x / Σ w·t². Weights are importance · √(meanSquare + x²), or x² without importance.
    /// </summary>
    /// <returns>d.</returns>
    public static float Fit(float* x, float* importance, float meanSquare, byte* indices)
    {
        float largest = Levels.Largest(x, Count, out float magnitude);
        if (magnitude < Levels.Tiny)
        {
            new Span<byte>(indices, Count).Clear();
            return 0;
        }
        float* weights = stackalloc float[Count];
        if (importance is null)
        {
            for (int i = 0; i < Count; i++)
            {
                weights[i] = x[i] * x[i];
            }
        }
        else
        {
            Levels.Weigh(x, importance, meanSquare, Count, weights);
        }
        int first = IQ4_NL.Table[0];
        Sums(x, weights, 1 / (-largest / first), indices, out float products, out float squares);
        float scale = squares > 0 ? products / squares : 0;
        float best = scale * products;
        for (int step = -7; step <= 7; step++)
        {
            Sums(x, weights, (step + first) / largest, indices, out products, out squares);
            if (squares > 0 && products * products > best * squares)
            {
                scale = products / squares;
                best = scale * products;
            }
        }
        return scale;
    }

    /// <summary>The index of the entry nearest to x·inverse for each of 32 values.</summary>
    public static void Round(float* x, float inverse, byte* indices)
    {
        Vector128<sbyte> table = IQ4_NL.Table;
        for (int i = 0; i < Count; i++)
        {
            indices[i] = (byte)Nearest(table, inverse * x[i]);
        }
    }

    private static void Sums(float* x, float* weights, float inverse, byte* indices, out float products, out float squares)
    {
        Vector128<sbyte> table = IQ4_NL.Table;
        Round(x, inverse, indices);
        products = 0;
        squares = 0;
        for (int i = 0; i < Count; i++)
        {
            float entry = table[indices[i]];
            products += weights[i] * entry * x[i];
            squares += weights[i] * entry * entry;
        }
    }

    private static int Nearest(Vector128<sbyte> table, float value)
    {
        // Halves of the interval: the upper one from the midpoint of its first entry and the one before.
        int index = 0;
        for (int step = 8; step > 0; step >>= 1)
        {
            int upper = index + step;
            index = value + value >= table[upper - 1] + table[upper] ? upper : index;
        }
        return index;
    }
}
