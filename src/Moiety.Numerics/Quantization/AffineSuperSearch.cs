namespace Moiety.Numerics.Quantization;

/// <summary>
/// Scales, minimums and levels of a super-block of 256 values in sub-blocks: x ≈ d·s·l − m·n with small integers s and n for each
/// sub-block. The steps are those of ggml's quantizers of Q2_K, Q4_K and Q5_K.
/// </summary>
internal static unsafe class AffineSuperSearch
{
    private const int Length = 256;

    /// <summary>Fits a super-block.</summary>
    /// <param name="x">256 values.</param>
    /// <param name="importance">Importance of their columns, or null.</param>
    /// <param name="layout">Sizes and ranges.</param>
    /// <param name="levels">256 levels.</param>
    /// <param name="scales">s of every sub-block.</param>
    /// <param name="minimums">n of every sub-block.</param>
    /// <param name="d">d.</param>
    /// <param name="m">m.</param>
    public static void Fit(float* x, float* importance, in Layout layout, byte* levels, byte* scales, byte* minimums, out Half d, out Half m)
    {
        int size = layout.Size;
        int count = Length / size;
        float* scale = stackalloc float[count];
        float* minimum = stackalloc float[count];
        float* sums = stackalloc float[count];
        float* weights = stackalloc float[size];
        float squares = Levels.SumOfSquares(x, Length);
        float meanSquare = (size == 16 ? squares : 2 * squares) / Length;
        for (int j = 0; j < count; j++)
        {
            float* values = x + (j * size);
            Weigh(values, importance is null ? null : importance + (j * size), meanSquare, size, weights);
            sums[j] = Levels.Sum(weights, size);
            scale[j] = AffineSearch.Fit(
                values, weights, size, layout.Limit, importance is null ? layout.Grid : AffineSearch.Weighted, levels + (j * size), out float lowest);
            minimum[j] = -lowest;
        }
        if (importance is null)
        {
            d = Round(scale, count, layout.ScaleLimit, scales);
            m = Round(minimum, count, layout.ScaleLimit, minimums);
        }
        else
        {
            d = (Half)SymmetricSearch.FitPositive(scale, sums, count, layout.ScaleLimit, scales);
            m = (Half)SymmetricSearch.FitPositive(minimum, sums, count, layout.ScaleLimit, minimums);
        }
        SetLevels(x, layout, scales, minimums, (float)d, (float)m, levels);
    }

    private static void Weigh(float* x, float* importance, float meanSquare, int size, float* weights)
    {
        if (importance is not null)
        {
            Levels.Weigh(x, importance, meanSquare, size, weights);
            return;
        }
        float root = size == 16 ? 0 : MathF.Sqrt(Levels.SumOfSquares(x, size) / size);
        for (int i = 0; i < size; i++)
        {
            weights[i] = root + MathF.Abs(x[i]);
        }
    }

    private static Half Round(float* values, int count, int limit, byte* rounded)
    {
        float largest = 0;
        for (int j = 0; j < count; j++)
        {
            largest = values[j] > largest ? values[j] : largest;
        }
        float inverse = largest > 0 ? limit / largest : 0;
        for (int j = 0; j < count; j++)
        {
            rounded[j] = Math.Min((byte)limit, (byte)Levels.Nearest(inverse * values[j]));
        }
        return (Half)(largest / limit);
    }

    /// <summary>The levels again, with the rounded scales and minimums; a sub-block whose scale is zero keeps its own.</summary>
    private static void SetLevels(float* x, in Layout layout, byte* scales, byte* minimums, float d, float m, byte* levels)
    {
        for (int j = 0; j < Length / layout.Size; j++)
        {
            float scale = d * scales[j];
            if (scale == 0)
            {
                continue;
            }
            float minimum = m * minimums[j];
            for (int i = j * layout.Size; i < (j + 1) * layout.Size; i++)
            {
                levels[i] = (byte)Levels.Nearest((x[i] + minimum) / scale, 0, layout.Limit);
            }
        }
    }

    /// <summary>Sizes and ranges of a format.</summary>
    /// <param name="Size">Elements of a sub-block, 16 or 32.</param>
    /// <param name="Limit">Largest level.</param>
    /// <param name="ScaleLimit">Largest s and n.</param>
    /// <param name="Grid">Scales that are tried without importance.</param>
    internal readonly record struct Layout(int Size, int Limit, int ScaleLimit, AffineSearch.Grid Grid);
}
