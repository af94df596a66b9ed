using System.Runtime.CompilerServices;

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

    private static void MultiplyBlock<TElement, TLanes, TVector>(in ProductTask task, in Panel panel, int row, int rows)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int tiles = (rows + TileRows - 1) / TileRows;
        new Span<float>(panel.Sums, tiles * TileRows * panel.Tokens * TLanes.Count).Clear();
        int columns = task.Weights.Columns;
        int whole = columns / TLanes.Count * TLanes.Count;
        for (int start = 0; start < whole; start += PieceColumns)
        {
            int count = Math.Min(PieceColumns, whole - start);
            Decode<TElement, TLanes, TVector>(task, panel, row, rows, tiles, start, count);
            MultiplyPiece<TLanes, TVector>(panel, tiles, panel.X, start, count);
        }
        if (whole < columns)
        {
            DecodeTail<TElement>(task, panel, row, rows, tiles, whole, TLanes.Count);
            float** tails = stackalloc float*[panel.Tokens];
            for (int t = 0; t < panel.Tokens; t++)
            {
                tails[t] = panel.Tails + (t * TLanes.Count);
            }
            MultiplyPiece<TLanes, TVector>(panel, tiles, tails, 0, TLanes.Count);
        }
        for (int t = 0; t < panel.Tokens; t++)
        {
            float* output = task.OutputRow(panel.First + t) + row;
            for (int r = 0; r < rows; r++)
            {
                output[r] = TLanes.Sum(TLanes.Load(Sums<TLanes, TVector>(panel, r / TileRows, t) + (r % TileRows * TLanes.Count)));
            }
        }
    }

    /// <summary>Decodes a piece of the block's rows; rows that fill up the last tile repeat the last one.</summary>
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

    private static void MultiplyPiece<TLanes, TVector>(in Panel panel, int tiles, float** x, int start, int count)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int t = 0;

        // Sixteen sums need more than sixteen registers: narrow vectors take tiles of 4 × 2.
        for (; TLanes.Count == 16 && t <= panel.Tokens - 4; t += 4)
        {
            for (int tile = 0; tile < tiles; tile++)
            {
                Tile4<TLanes, TVector>(
                    panel.Piece + (tile * TileRows * PieceColumns), x[t] + start, x[t + 1] + start, x[t + 2] + start, x[t + 3] + start, count, Sums<TLanes, TVector>(panel, tile, t));
            }
        }
        for (; t <= panel.Tokens - 2; t += 2)
        {
            for (int tile = 0; tile < tiles; tile++)
            {
                Tile2<TLanes, TVector>(
                    panel.Piece + (tile * TileRows * PieceColumns), x[t] + start, x[t + 1] + start, count, Sums<TLanes, TVector>(panel, tile, t));
            }
        }
        for (; t < panel.Tokens; t++)
        {
            for (int tile = 0; tile < tiles; tile++)
            {
                Tile1<TLanes, TVector>(panel.Piece + (tile * TileRows * PieceColumns), x[t] + start, count, Sums<TLanes, TVector>(panel, tile, t));
            }
        }
    }

    /// <summary>The sums of a tile's first token; those of the next tokens follow.</summary>
    private static float* Sums<TLanes, TVector>(in Panel panel, int tile, int token)
        where TLanes : struct, ILanes<TVector>
        where TVector : struct => panel.Sums + (((tile * panel.Tokens) + token) * TileRows * TLanes.Count);

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
