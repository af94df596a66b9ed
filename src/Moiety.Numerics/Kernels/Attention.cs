using Moiety.Numerics.Formats;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// The two products of attention for one query over rows of a key or value cache. Rows lie <c>stride</c> bytes apart, so a
/// page of a paged cache is one call. The results do not depend on where pages begin: a score is a function of one row, and
/// the weighted sum adds row after row onto its output.
/// </summary>
public static unsafe class Attention
{
    /// <summary>scores[i] = scale · query · K[i].</summary>
    /// <param name="format">Format of the rows; <paramref name="dimension"/> is a multiple of its block length.</param>
    /// <param name="query">The query, [dimension].</param>
    /// <param name="rows">The part of K[0] that belongs to this head.</param>
    /// <param name="stride">Bytes from one row to the next.</param>
    /// <param name="count">Rows.</param>
    /// <param name="dimension">Elements of the head.</param>
    /// <param name="scale">Usually 1/√dimension.</param>
    /// <param name="scores">Output, [count].</param>
    /// <exception cref="ArgumentException">A size is negative or does not fit the format.</exception>
    public static void Scores(
        StorageFormat format, float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores)
    {
        Check(format, stride, count, dimension);
        format.Scores(query, rows, stride, count, dimension, scale, scores);
    }

    /// <summary>output += Σ weights[i] · V[i], in the order of i.</summary>
    /// <param name="format">Format of the rows; <paramref name="dimension"/> is a multiple of its block length.</param>
    /// <param name="weights">Attention weights, [count].</param>
    /// <param name="rows">The part of V[0] that belongs to this head.</param>
    /// <param name="stride">Bytes from one row to the next.</param>
    /// <param name="count">Rows.</param>
    /// <param name="dimension">Elements of the head.</param>
    /// <param name="output">Added onto, [dimension].</param>
    /// <exception cref="ArgumentException">A size is negative or does not fit the format.</exception>
    public static void Accumulate(
        StorageFormat format, float* weights, byte* rows, long stride, int count, int dimension, float* output)
    {
        Check(format, stride, count, dimension);
        format.AccumulateRows(weights, rows, stride, count, dimension, output);
    }

    private static void Check(StorageFormat format, long stride, int count, int dimension)
    {
        ArgumentNullException.ThrowIfNull(format);
        if (count < 0 || dimension < 0 || stride < format.RowBytes(dimension))
        {
            throw new ArgumentException(
                $"Attention over {count} rows of {dimension} {format.Name} elements, {stride} bytes apart: sizes must not be "
                + "negative and rows must not overlap.");
        }
    }
}
