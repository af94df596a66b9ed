using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// The blocked form of <see cref="DenseProduct"/> for many activation rows: panels of activation rows, blocks of weight rows, pieces of
/// columns that fit the first-level cache, and register tiles of 4 × 4. Partial sums wait in memory between two pieces, so the
/// order of the columns stays that of one row with one activation.
/// </summary>
internal static unsafe class DensePanels
{
    private const int PanelTokens = 128;
    private const int BlockRows = 16;
    private const int TileRows = 4;
    private const int PieceColumns = 512;

    /// <summary>Computes a block of a product.</summary>
    [SkipLocalsInit]
    public static void Multiply<TElement, TLanes, TVector>(in ProductTask task)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int tokens = Math.Min(task.Count, PanelTokens);
        float* memory = stackalloc float[(tokens * BlockRows * TLanes.Count) + (BlockRows * PieceColumns) + (tokens * TLanes.Count) + 16];
        float* sums = (float*)(((nint)memory + 63) & ~63);
        float* piece = sums + (tokens * BlockRows * TLanes.Count);
        float* tails = piece + (BlockRows * PieceColumns);
        float** x = stackalloc float*[tokens];
        for (int first = 0; first < task.Count; first += PanelTokens)
        {
            Panel panel = new()
            {
                First = first,
                Tokens = Math.Min(PanelTokens, task.Count - first),
                X = x,
                Tails = tails,
                Piece = piece,
                Sums = sums,
            };
            FillPanel<TLanes, TVector>(task, panel);
            for (int row = task.RowStart; row < task.RowEnd; row += BlockRows)
            {
                MultiplyBlock<TElement, TLanes, TVector>(task, panel, row, Math.Min(BlockRows, task.RowEnd - row));
            }
        }
    }

    private static void FillPanel<TLanes, TVector>(in ProductTask task, in Panel panel)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int columns = task.Weights.Columns;
        int tail = columns % TLanes.Count;
        for (int t = 0; t < panel.Tokens; t++)
        {
            panel.X[t] = task.Activations.Row(task.Token(panel.First + t));
            for (int i = 0; i < TLanes.Count; i++)
            {
                panel.Tails[(t * TLanes.Count) + i] = i < tail ? panel.X[t][columns - tail + i] : 0;
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBlock<TElement, TLanes, TVector>(in ProductTask task, in Panel panel, int row, int rows)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int tiles = (rows + TileRows - 1) / TileRows;
        int columns = task.Weights.Columns;
        int whole = columns / TLanes.Count * TLanes.Count;
        for (int start = 0; start < whole; start += PieceColumns)
        {
            int count = Math.Min(PieceColumns, whole - start);
            Decode<TElement, TLanes, TVector>(task, panel, row, rows, tiles, start, count);
            bool last = start + count == whole;
            NextPiece next = new()
            {
                Weights = task.WeightRow(last ? row + BlockRows : row) + (last ? 0 : (long)(start + count) * TElement.Bytes),
                Stride = task.Weights.RowBytes,
                Bytes = last && row + BlockRows >= task.RowEnd ? 0 : PieceColumns * TElement.Bytes,
            };
            MultiplyPiece<TLanes, TVector>(panel, tiles, panel.X, start, count, start == 0, next);
        }
        if (whole < columns)
        {
            DecodeTail<TElement>(task, panel, row, rows, tiles, whole, TLanes.Count);
            float** tails = stackalloc float*[panel.Tokens];
            for (int t = 0; t < panel.Tokens; t++)
            {
                tails[t] = panel.Tails + (t * TLanes.Count);
            }
            MultiplyPiece<TLanes, TVector>(panel, tiles, tails, 0, TLanes.Count, whole == 0, default);
        }
        for (int t = 0; t < panel.Tokens; t++)
        {
            float* output = task.OutputRow(panel.First + t) + row;
            for (int tile = 0; tile < tiles; tile++)
            {
                float* sums = Sums<TLanes, TVector>(panel, tile, t);
                Vector128<float> folded = TLanes.SumEach(
                    TLanes.Load(sums),
                    TLanes.Load(sums + TLanes.Count),
                    TLanes.Load(sums + (2 * TLanes.Count)),
                    TLanes.Load(sums + (3 * TLanes.Count)));
                if (rows - (tile * TileRows) >= TileRows)
                {
                    folded.Store(output + (tile * TileRows));
                }
                else
                {
                    Tail.Store(folded.ToVector256().ToVector512(), output + (tile * TileRows), rows - (tile * TileRows));
                }
            }
        }
    }

    /// <summary>Decodes a piece of the block's rows; rows that fill up the last tile repeat the last one.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Decode<TElement, TLanes, TVector>(
        in ProductTask task, in Panel panel, int row, int rows, int tiles, int start, int count)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (int r = 0; r < tiles * TileRows; r++)
        {
            byte* weights = task.WeightRow(row + Math.Min(r, rows - 1));
            float* target = panel.Piece + (r * PieceColumns);
            for (int k = 0; k < count; k += TLanes.Count)
            {
                TLanes.Store(TElement.Load<TLanes, TVector>(weights, start + k), target + k);
            }
        }
    }

    private static void DecodeTail<TElement>(in ProductTask task, in Panel panel, int row, int rows, int tiles, int start, int lanes)
        where TElement : struct, IDenseElement
    {
        for (int r = 0; r < tiles * TileRows; r++)
        {
            byte* weights = task.WeightRow(row + Math.Min(r, rows - 1));
            float* target = panel.Piece + (r * PieceColumns);
            for (int i = 0; i < lanes; i++)
            {
                target[i] = start + i < task.Weights.Columns ? TElement.Load(weights, start + i) : 0;
            }
        }
    }

    /// <summary>Adds a piece onto the sums; the first piece clears them, and each group of tokens asks for a part of the next piece.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyPiece<TLanes, TVector>(
        in Panel panel, int tiles, float** x, int start, int count, bool isFirst, in NextPiece next)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        // Sixteen sums need more than sixteen registers: narrow vectors take tiles of 4 × 2.
        int width = TLanes.Count == 16 ? 4 : 2;
        int prefetched = 0;
        for (int t = 0; t < panel.Tokens; t += width)
        {
            int tokens = Math.Min(width, panel.Tokens - t);
            for (; prefetched < BlockRows * (t + tokens) / panel.Tokens; prefetched++)
            {
                Prefetch.Range(next.Weights + (prefetched * next.Stride), next.Bytes);
            }
            for (int tile = 0; tile < tiles; tile++)
            {
                float* w = panel.Piece + (tile * TileRows * PieceColumns);
                float* sums = Sums<TLanes, TVector>(panel, tile, t);
                if (isFirst)
                {
                    new Span<float>(sums, tokens * TileRows * TLanes.Count).Clear();
                }
                switch (tokens)
                {
                    case 4:
                        Tile4<TLanes, TVector>(w, x[t] + start, x[t + 1] + start, x[t + 2] + start, x[t + 3] + start, count, sums);
                        break;
                    case 3:
                        Tile2<TLanes, TVector>(w, x[t] + start, x[t + 1] + start, count, sums);
                        Tile1<TLanes, TVector>(w, x[t + 2] + start, count, sums + (2 * TileRows * TLanes.Count));
                        break;
                    case 2:
                        Tile2<TLanes, TVector>(w, x[t] + start, x[t + 1] + start, count, sums);
                        break;
                    default:
                        Tile1<TLanes, TVector>(w, x[t] + start, count, sums);
                        break;
                }
            }
        }
    }

    /// <summary>The sums of a tile's first token; those of the next tokens follow.</summary>
    private static float* Sums<TLanes, TVector>(in Panel panel, int tile, int token)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => panel.Sums + (((tile * panel.Tokens) + token) * TileRows * TLanes.Count);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4<TLanes, TVector>(float* w, float* x0, float* x1, float* x2, float* x3, int count, float* sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int n = TLanes.Count;
        TVector s00 = TLanes.Load(sums), s01 = TLanes.Load(sums + n), s02 = TLanes.Load(sums + (2 * n)), s03 = TLanes.Load(sums + (3 * n));
        TVector s10 = TLanes.Load(sums + (4 * n)), s11 = TLanes.Load(sums + (5 * n)), s12 = TLanes.Load(sums + (6 * n)), s13 = TLanes.Load(sums + (7 * n));
        TVector s20 = TLanes.Load(sums + (8 * n)), s21 = TLanes.Load(sums + (9 * n)), s22 = TLanes.Load(sums + (10 * n)), s23 = TLanes.Load(sums + (11 * n));
        TVector s30 = TLanes.Load(sums + (12 * n)), s31 = TLanes.Load(sums + (13 * n)), s32 = TLanes.Load(sums + (14 * n)), s33 = TLanes.Load(sums + (15 * n));
        for (nint k = 0; k < count; k += n)
        {
            TVector w0 = TLanes.Load(w + k);
            TVector w1 = TLanes.Load(w + PieceColumns + k);
            TVector w2 = TLanes.Load(w + (2 * PieceColumns) + k);
            TVector w3 = TLanes.Load(w + (3 * PieceColumns) + k);
            TVector x = TLanes.Load(x0 + k);
            s00 = TLanes.MultiplyAdd(w0, x, s00);
            s01 = TLanes.MultiplyAdd(w1, x, s01);
            s02 = TLanes.MultiplyAdd(w2, x, s02);
            s03 = TLanes.MultiplyAdd(w3, x, s03);
            x = TLanes.Load(x1 + k);
            s10 = TLanes.MultiplyAdd(w0, x, s10);
            s11 = TLanes.MultiplyAdd(w1, x, s11);
            s12 = TLanes.MultiplyAdd(w2, x, s12);
            s13 = TLanes.MultiplyAdd(w3, x, s13);
            x = TLanes.Load(x2 + k);
            s20 = TLanes.MultiplyAdd(w0, x, s20);
            s21 = TLanes.MultiplyAdd(w1, x, s21);
            s22 = TLanes.MultiplyAdd(w2, x, s22);
            s23 = TLanes.MultiplyAdd(w3, x, s23);
            x = TLanes.Load(x3 + k);
            s30 = TLanes.MultiplyAdd(w0, x, s30);
            s31 = TLanes.MultiplyAdd(w1, x, s31);
            s32 = TLanes.MultiplyAdd(w2, x, s32);
            s33 = TLanes.MultiplyAdd(w3, x, s33);
        }
        TLanes.Store(s00, sums);
        TLanes.Store(s01, sums + n);
        TLanes.Store(s02, sums + (2 * n));
        TLanes.Store(s03, sums + (3 * n));
        TLanes.Store(s10, sums + (4 * n));
        TLanes.Store(s11, sums + (5 * n));
        TLanes.Store(s12, sums + (6 * n));
        TLanes.Store(s13, sums + (7 * n));
        TLanes.Store(s20, sums + (8 * n));
        TLanes.Store(s21, sums + (9 * n));
        TLanes.Store(s22, sums + (10 * n));
        TLanes.Store(s23, sums + (11 * n));
        TLanes.Store(s30, sums + (12 * n));
        TLanes.Store(s31, sums + (13 * n));
        TLanes.Store(s32, sums + (14 * n));
        TLanes.Store(s33, sums + (15 * n));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile2<TLanes, TVector>(float* w, float* x0, float* x1, int count, float* sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int n = TLanes.Count;
        TVector s00 = TLanes.Load(sums), s01 = TLanes.Load(sums + n), s02 = TLanes.Load(sums + (2 * n)), s03 = TLanes.Load(sums + (3 * n));
        TVector s10 = TLanes.Load(sums + (4 * n)), s11 = TLanes.Load(sums + (5 * n)), s12 = TLanes.Load(sums + (6 * n)), s13 = TLanes.Load(sums + (7 * n));
        for (nint k = 0; k < count; k += n)
        {
            TVector w0 = TLanes.Load(w + k);
            TVector w1 = TLanes.Load(w + PieceColumns + k);
            TVector w2 = TLanes.Load(w + (2 * PieceColumns) + k);
            TVector w3 = TLanes.Load(w + (3 * PieceColumns) + k);
            TVector x = TLanes.Load(x0 + k);
            s00 = TLanes.MultiplyAdd(w0, x, s00);
            s01 = TLanes.MultiplyAdd(w1, x, s01);
            s02 = TLanes.MultiplyAdd(w2, x, s02);
            s03 = TLanes.MultiplyAdd(w3, x, s03);
            x = TLanes.Load(x1 + k);
            s10 = TLanes.MultiplyAdd(w0, x, s10);
            s11 = TLanes.MultiplyAdd(w1, x, s11);
            s12 = TLanes.MultiplyAdd(w2, x, s12);
            s13 = TLanes.MultiplyAdd(w3, x, s13);
        }
        TLanes.Store(s00, sums);
        TLanes.Store(s01, sums + n);
        TLanes.Store(s02, sums + (2 * n));
        TLanes.Store(s03, sums + (3 * n));
        TLanes.Store(s10, sums + (4 * n));
        TLanes.Store(s11, sums + (5 * n));
        TLanes.Store(s12, sums + (6 * n));
        TLanes.Store(s13, sums + (7 * n));
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1<TLanes, TVector>(float* w, float* x, int count, float* sums)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int n = TLanes.Count;
        TVector s0 = TLanes.Load(sums), s1 = TLanes.Load(sums + n), s2 = TLanes.Load(sums + (2 * n)), s3 = TLanes.Load(sums + (3 * n));
        for (nint k = 0; k < count; k += n)
        {
            TVector b = TLanes.Load(x + k);
            s0 = TLanes.MultiplyAdd(TLanes.Load(w + k), b, s0);
            s1 = TLanes.MultiplyAdd(TLanes.Load(w + PieceColumns + k), b, s1);
            s2 = TLanes.MultiplyAdd(TLanes.Load(w + (2 * PieceColumns) + k), b, s2);
            s3 = TLanes.MultiplyAdd(TLanes.Load(w + (3 * PieceColumns) + k), b, s3);
        }
        TLanes.Store(s0, sums);
        TLanes.Store(s1, sums + n);
        TLanes.Store(s2, sums + (2 * n));
        TLanes.Store(s3, sums + (3 * n));
    }

    /// <summary>The weights that come after a piece, to be prefetched.</summary>
    private struct NextPiece
    {
        /// <summary>Start in the first row.</summary>
        public byte* Weights;

        /// <summary>Bytes from one row to the next.</summary>
        public long Stride;

        /// <summary>Bytes of each row.</summary>
        public int Bytes;
    }

    /// <summary>A panel of activation rows and the scratch memory of one worker.</summary>
    private struct Panel
    {
        /// <summary>First activation row, counted in the task.</summary>
        public int First;

        /// <summary>Activation rows.</summary>
        public int Tokens;

        /// <summary>Start of every activation row.</summary>
        public float** X;

        /// <summary>The columns of every activation row that fill no vector, filled up with zeros.</summary>
        public float* Tails;

        /// <summary>Decoded weights, [BlockRows, PieceColumns].</summary>
        public float* Piece;

        /// <summary>Partial sums, [tiles, tokens, TileRows, lanes].</summary>
        public float* Sums;
    }
}
