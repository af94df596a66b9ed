using System.Runtime.Intrinsics;

namespace Moiety.Training.Kernels;

/// <summary>How attention cuts a sequence into tiles, and how it brings rows of a tensor into F32 matrices that its products read.</summary>
internal static unsafe class AttentionTiles
{
    /// <summary>Most query rows of a tile.</summary>
    internal const int Rows = 32;

    /// <summary>Most keys of a tile.</summary>
    internal const int Keys = 128;

    /// <summary>The row after a tile of queries: at most <see cref="Rows"/> further, and never beyond the document's end.</summary>
    internal static int EndOfRows(ReadOnlySpan<int> firstVisible, int row)
    {
        int end = row + 1;
        while (end < firstVisible.Length && end < row + Rows && firstVisible[end] < end)
        {
            end++;
        }

        return end;
    }

    /// <summary>Rows rounded up to what <see cref="TileProduct"/> takes.</summary>
    internal static int Padded(int rows) => (rows + TileProduct.RowBlock - 1) / TileProduct.RowBlock * TileProduct.RowBlock;

    /// <summary>Copies rows, times a factor, into a matrix whose rows are whole vectors.</summary>
    internal static void Load<T, TElement>(T* source, int sourceStride, int rows, int size, float factor, float* target, int width)
        where T : unmanaged
        where TElement : IElement<T>
    {
        for (int row = 0; row < rows; row++)
        {
            T* from = source + ((long)row * sourceStride);
            float* to = target + ((long)row * width);
            int i = 0;
            for (; i <= size - 16; i += 16)
            {
                (TElement.Load(new ReadOnlySpan<T>(from + i, 16)) * factor).Store(to + i);
            }

            for (; i < size; i++)
            {
                to[i] = TElement.ToSingle(from[i]) * factor;
            }

            for (; i < width; i++)
            {
                to[i] = 0;
            }
        }
    }

    /// <summary>Writes rows of a matrix, times a factor.</summary>
    internal static void Store<T, TElement>(float* source, int width, int rows, int size, float factor, T* target, int targetStride)
        where T : unmanaged
        where TElement : IElement<T>
    {
        for (int row = 0; row < rows; row++)
        {
            float* from = source + ((long)row * width);
            T* to = target + ((long)row * targetStride);
            int i = 0;
            for (; i <= size - 16; i += 16)
            {
                TElement.Store(Vector512.Load(from + i) * factor, new Span<T>(to + i, 16));
            }

            for (; i < size; i++)
            {
                to[i] = TElement.FromSingle(from[i] * factor);
            }
        }
    }

    /// <summary>Copies rows into the columns of a matrix.</summary>
    internal static void LoadTransposed<T, TElement>(T* source, int sourceStride, int rows, int size, float* target, int columns)
        where T : unmanaged
        where TElement : IElement<T>
    {
        for (int start = 0; start < rows; start += 16)
        {
            int count = Math.Min(16, rows - start);
            for (int i = 0; i < size; i++)
            {
                T* from = source + ((long)start * sourceStride) + i;
                float* to = target + ((long)i * columns) + start;
                for (int row = 0; row < count; row++)
                {
                    to[row] = TElement.ToSingle(from[(long)row * sourceStride]);
                }
            }
        }
    }

    /// <summary>The keys of a tile that a row sees, as a range of the tile's columns; empty where the end is not beyond the start.</summary>
    internal static (int Start, int End) Visible(int firstVisible, int position, int firstKey, int keys) =>
        (Math.Max(firstVisible - firstKey, 0), Math.Min(position + 1 - firstKey, keys));
}
