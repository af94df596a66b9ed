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
    internal static void For(int rows, Action<int, int, int> action)
    {
        int threads = get_num_threads();
        void Block(int block) => action(block, block * Rows, Math.Min((block + 1) * Rows, rows));
        if (threads == 1 || rows <= Rows)
        {
            for (int block = 0; block < Count(rows); block++)
            {
                Block(block);
            }
        }
        else
        {
            Parallel.For(0, Count(rows), new ParallelOptions { MaxDegreeOfParallelism = threads }, Block);
        }
    }
}
