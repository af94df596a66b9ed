namespace Moiety.Numerics.Threading;

/// <summary>A worker's contiguous share of rows.</summary>
/// <param name="Start">First row.</param>
/// <param name="End">Behind the last row.</param>
public readonly record struct RowRange(int Start, int End)
{
    /// <summary>Rows of the range.</summary>
    public int Count => End - Start;

    /// <summary>Divides rows among workers as evenly as whole groups of <paramref name="alignment"/> rows allow.</summary>
    /// <param name="rows">Rows in total.</param>
    /// <param name="worker">The worker whose share is asked for.</param>
    /// <param name="workers">Workers in total.</param>
    /// <param name="alignment">Shares begin at multiples of this.</param>
    public static RowRange Of(int rows, int worker, int workers, int alignment = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(alignment);
        ArgumentOutOfRangeException.ThrowIfNegative(worker);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(worker, workers);
        long groups = ((long)rows + alignment - 1) / alignment;
        long start = groups * worker / workers * alignment;
        long end = groups * (worker + 1) / workers * alignment;
        return new RowRange((int)Math.Min(start, rows), (int)Math.Min(end, rows));
    }
}
