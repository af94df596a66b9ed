using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Formats;
using Moiety.Numerics.Kernels;

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
        for (int i = 0; i < Count; i++)
        {
            // As many entries lie below as there are midpoints that the value reaches; both sides doubled, which is exact.
            float value = inverse * x[i];
            Vector512<float> reached = Vector512.GreaterThanOrEqual(Vector512.Create(value + value), DoubledMidpoints);
            indices[i] = (byte)BitOperations.PopCount(reached.ExtractMostSignificantBits());
        }
    }

    /// <summary>Sums of neighbouring entries of the table; the last is never reached.</summary>
    private static Vector512<float> DoubledMidpoints => Vector512.Create(
        -231f, -187, -148, -114, -84, -57, -32, -9, 14, 38, 63, 91, 122, 158, 202, float.NaN);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Sums(float* x, float* weights, float inverse, byte* indices, out float products, out float squares)
    {
        Round(x, inverse, indices);
        float* entries = stackalloc float[Count];
        for (int i = 0; i < Count; i += 16)
        {
            QuantizedBlock.ToSingle(QuantizedBlock.Lookup(IQ4_NL.Table, Vector128.Load(indices + i))).Store(entries + i);
        }
        products = 0;
        squares = 0;
        for (int i = 0; i < Count; i++)
        {
            float weighted = weights[i] * entries[i];
            products += weighted * x[i];
            squares += weighted * entries[i];
        }
    }
}
