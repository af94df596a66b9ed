using static TorchSharp.torch;

namespace Moiety.Training.Kernels;

/// <summary>
/// Splits rows into blocks of fixed size for libtorch's number of threads. Blocks do not depend on the number of threads, so sums over blocks
/// do not either.
/// </summary>
internal static class RowBlocks
{
    /// <summary>Rows of a block.</summary>
    internal const int Rows = 128;

    /// <summary>Number of blocks.</summary>
    internal static int Count(int rows) => (rows + Rows - 1) / Rows;

    /// <summary>Calls the action with every block's number, first row and row after the last.</summary>
    internal static void For(int rows, Action<int, int, int> action) =>
        ForEach(Count(rows), block => action(block, block * Rows, Math.Min((block + 1) * Rows, rows)));

    /// <summary>Calls the action with every number below a count, in any order.</summary>
    internal static void ForEach(int count, Action<int> action)
    {
        int threads = get_num_threads();
        if (threads == 1 || count <= 1)
        {
            for (int i = 0; i < count; i++)
            {
                action(i);
            }
        }
        else
        {
            Parallel.For(0, count, new ParallelOptions { MaxDegreeOfParallelism = threads }, action);
        }
    }
}
