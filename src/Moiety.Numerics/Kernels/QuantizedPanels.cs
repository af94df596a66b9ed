using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// The blocked form of <see cref="QuantizedProduct"/> for many activation rows. A piece of the weights is widened to words and interleaved, so
/// that a vector holds one pair of columns of many rows; a register tile multiplies two such vectors with four activation
/// rows. Every lane is one output element and adds its blocks in their order onto the eight sums of that element.
/// </summary>
internal static unsafe class QuantizedPanels
{
    private const int PanelTokens = 64;
    private const int PieceGroups = 16;
    private const int Pairs = QuantizedBlock.Length / 2;
    private const int Lanes = QuantizedProduct.Lanes;

    /// <summary>Computes a block of a product.</summary>
    [SkipLocalsInit]
    public static void Multiply<TGroups, TLanes, TVector>(in ProductTask task)
        where TGroups : struct, IQuantizedGroups
        where TLanes : struct, IQuantizedLanes<TVector>
        where TVector : struct
    {
        int blockRows = 2 * TLanes.Count;
        int tokens = Math.Min(task.Count, PanelTokens);
        float* memory = stackalloc float[(tokens * Lanes * blockRows) + (PieceGroups * (Pairs + 3) * blockRows) + 16];
        float* sums = (float*)(((nint)memory + 63) & ~63);
        int* words = (int*)(sums + (tokens * Lanes * blockRows));
        float* scales = (float*)(words + (PieceGroups * Pairs * blockRows));
        float* minimumScales = scales + (PieceGroups * blockRows);
        int* minimums = (int*)(minimumScales + (PieceGroups * blockRows));
        Activation* x = stackalloc Activation[tokens];
        for (int first = 0; first < task.Count; first += PanelTokens)
        {
            Panel panel = new()
            {
                First = first,
                Tokens = Math.Min(PanelTokens, task.Count - first),
                X = x,
                Words = words,
                Scales = scales,
                MinimumScales = minimumScales,
                Minimums = TGroups.HasMinimums ? minimums : null,
                Sums = sums,
            };
            for (int t = 0; t < panel.Tokens; t++)
            {
                int token = task.Token(first + t);
                x[t] = new Activation
                {
                    Words = task.Activations.Words(token),
                    Scales = task.Activations.Scales(token),
                    Sums = task.Activations.Sums(token),
                };
            }
            for (int row = task.RowStart; row < task.RowEnd; row += blockRows)
            {
                MultiplyBlock<TGroups, TLanes, TVector>(task, panel, row, Math.Min(blockRows, task.RowEnd - row));
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBlock<TGroups, TLanes, TVector>(in ProductTask task, in Panel panel, int row, int rows)
        where TGroups : struct, IQuantizedGroups
        where TLanes : struct, IQuantizedLanes<TVector>
        where TVector : struct
    {
        int blockRows = 2 * TLanes.Count;
        int groups = task.Weights.Columns / QuantizedBlock.Length;
        for (int start = 0; start < groups; start += PieceGroups)
        {
            int count = Math.Min(PieceGroups, groups - start);
            PackPiece<TGroups>(task, panel, row, rows, blockRows, start, count);
            bool last = start + count == groups;
            byte* next = task.WeightRow(last ? row + blockRows : row) + (last ? 0 : (long)(start + count) / TGroups.Groups * TGroups.Bytes);
            int nextBytes = last && row + blockRows >= task.RowEnd ? 0 : PieceGroups / TGroups.Groups * TGroups.Bytes;
            int prefetched = 0;
            for (int t = 0; t < panel.Tokens; t += 4)
            {
                int tokens = Math.Min(4, panel.Tokens - t);
                for (; prefetched < blockRows * (t + tokens) / panel.Tokens; prefetched++)
                {
                    Prefetch.Range(next + (prefetched * task.Weights.RowBytes), nextBytes);
                }
                if (start == 0)
                {
                    new Span<float>(panel.Sums + (t * Lanes * blockRows), tokens * Lanes * blockRows).Clear();
                }
                if (tokens == 4)
                {
                    Tile4<TLanes, TVector>(panel, t, start, count);
                    continue;
                }
                for (int i = 0; i < tokens; i++)
                {
                    Tile1<TLanes, TVector>(panel, t + i, start, count);
                }
            }
        }
        for (int t = 0; t < panel.Tokens; t++)
        {
            Fold(panel.Sums + (t * Lanes * blockRows), blockRows, task.OutputRow(panel.First + t) + row, rows);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile4<TLanes, TVector>(in Panel panel, int token, int start, int count)
        where TLanes : struct, IQuantizedLanes<TVector>
        where TVector : struct
    {
        int n = TLanes.Count;
        int* x0 = panel.X[token].Words + (start * Pairs);
        int* x1 = panel.X[token + 1].Words + (start * Pairs);
        int* x2 = panel.X[token + 2].Words + (start * Pairs);
        int* x3 = panel.X[token + 3].Words + (start * Pairs);
        int* w = panel.Words;
        for (int b = 0; b < count; b++)
        {
            TVector s00 = TLanes.Zero, s01 = TLanes.Zero, s10 = TLanes.Zero, s11 = TLanes.Zero;
            TVector s20 = TLanes.Zero, s21 = TLanes.Zero, s30 = TLanes.Zero, s31 = TLanes.Zero;
            for (nint p = 0; p < Pairs; p++)
            {
                TVector w0 = TLanes.Load(w);
                TVector w1 = TLanes.Load(w + n);
                w += 2 * n;
                TVector x = TLanes.Broadcast(x0 + p);
                s00 = TLanes.MultiplyAddPairs(w0, x, s00);
                s01 = TLanes.MultiplyAddPairs(w1, x, s01);
                x = TLanes.Broadcast(x1 + p);
                s10 = TLanes.MultiplyAddPairs(w0, x, s10);
                s11 = TLanes.MultiplyAddPairs(w1, x, s11);
                x = TLanes.Broadcast(x2 + p);
                s20 = TLanes.MultiplyAddPairs(w0, x, s20);
                s21 = TLanes.MultiplyAddPairs(w1, x, s21);
                x = TLanes.Broadcast(x3 + p);
                s30 = TLanes.MultiplyAddPairs(w0, x, s30);
                s31 = TLanes.MultiplyAddPairs(w1, x, s31);
            }
            x0 += Pairs;
            x1 += Pairs;
            x2 += Pairs;
            x3 += Pairs;
            float* scales = panel.Scales + (b * 2 * n);
            float* sums = panel.Sums + (((token * Lanes) + (b % Lanes)) * 2 * n);
            int next = Lanes * 2 * n;
            float scale = panel.X[token].Scales[start + b];
            TLanes.Accumulate(s00, scales, scale, sums);
            TLanes.Accumulate(s01, scales + n, scale, sums + n);
            scale = panel.X[token + 1].Scales[start + b];
            TLanes.Accumulate(s10, scales, scale, sums + next);
            TLanes.Accumulate(s11, scales + n, scale, sums + next + n);
            scale = panel.X[token + 2].Scales[start + b];
            TLanes.Accumulate(s20, scales, scale, sums + (2 * next));
            TLanes.Accumulate(s21, scales + n, scale, sums + (2 * next) + n);
            scale = panel.X[token + 3].Scales[start + b];
            TLanes.Accumulate(s30, scales, scale, sums + (3 * next));
            TLanes.Accumulate(s31, scales + n, scale, sums + (3 * next) + n);
            for (int t = token; panel.Minimums is not null && t < token + 4; t++)
            {
                AddMinimums<TLanes, TVector>(panel, t, start, b);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Tile1<TLanes, TVector>(in Panel panel, int token, int start, int count)
        where TLanes : struct, IQuantizedLanes<TVector>
        where TVector : struct
    {
        int n = TLanes.Count;
        int* x = panel.X[token].Words + (start * Pairs);
        int* w = panel.Words;
        for (int b = 0; b < count; b++)
        {
            TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
            for (nint p = 0; p < Pairs; p += 2)
            {
                TVector pair = TLanes.Broadcast(x);
                s0 = TLanes.MultiplyAddPairs(TLanes.Load(w), pair, s0);
                s1 = TLanes.MultiplyAddPairs(TLanes.Load(w + n), pair, s1);
                pair = TLanes.Broadcast(x + 1);
                s2 = TLanes.MultiplyAddPairs(TLanes.Load(w + (2 * n)), pair, s2);
                s3 = TLanes.MultiplyAddPairs(TLanes.Load(w + (3 * n)), pair, s3);
                x += 2;
                w += 4 * n;
            }
            float scale = panel.X[token].Scales[start + b];
            float* scales = panel.Scales + (b * 2 * n);
            float* sums = panel.Sums + (((token * Lanes) + (b % Lanes)) * 2 * n);
            TLanes.Accumulate(TLanes.Add(s0, s2), scales, scale, sums);
            TLanes.Accumulate(TLanes.Add(s1, s3), scales + n, scale, sums + n);
            if (panel.Minimums is not null)
            {
                AddMinimums<TLanes, TVector>(panel, token, start, b);
            }
        }
    }

    /// <summary>The minimums of group <paramref name="b"/> of the piece, times the sums of one activation row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AddMinimums<TLanes, TVector>(in Panel panel, int token, int start, int b)
        where TLanes : struct, IQuantizedLanes<TVector>
        where TVector : struct
    {
        int n = TLanes.Count;
        TVector x = TLanes.Broadcast(panel.X[token].Sums + start + b);
        float scale = panel.X[token].Scales[start + b];
        float* scales = panel.MinimumScales + (b * 2 * n);
        int* minimums = panel.Minimums + (b * 2 * n);
        float* sums = panel.Sums + (((token * Lanes) + (b % Lanes)) * 2 * n);
        TLanes.Accumulate(TLanes.MultiplyAddPairs(TLanes.Load(minimums), x, TLanes.Zero), scales, scale, sums);
        TLanes.Accumulate(TLanes.MultiplyAddPairs(TLanes.Load(minimums + n), x, TLanes.Zero), scales + n, scale, sums + n);
    }

    /// <summary>Folds the eight sums of every output element in halves, in the order of <see cref="Lanes256.Sum"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Fold(float* sums, int blockRows, float* output, int rows)
    {
        float* folded = stackalloc float[8];
        for (int r = 0; r < rows; r += 8)
        {
            Vector256<float> a = Lane(0) + Lane(4);
            Vector256<float> b = Lane(1) + Lane(5);
            Vector256<float> c = Lane(2) + Lane(6);
            Vector256<float> d = Lane(3) + Lane(7);
            Vector256<float> total = (a + c) + (b + d);
            if (rows - r >= 8)
            {
                total.Store(output + r);
                continue;
            }
            total.Store(folded);
            new ReadOnlySpan<float>(folded, rows - r).CopyTo(new Span<float>(output + r, rows - r));

            Vector256<float> Lane(int lane) => Vector256.Load(sums + (lane * blockRows) + r);
        }
    }

    /// <summary>Interleaves a piece of the weights; rows that fill up the last vector repeat the last row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackPiece<TGroups>(in ProductTask task, in Panel panel, int row, int rows, int blockRows, int start, int count)
        where TGroups : struct, IQuantizedGroups
    {
        byte** blocks = stackalloc byte*[8];
        int* scales = stackalloc int[8 * TGroups.Groups];
        for (int r = 0; r < blockRows; r += 8)
        {
            for (int i = 0; i < 8; i++)
            {
                blocks[i] = task.WeightRow(row + Math.Min(r + i, rows - 1)) + ((long)start / TGroups.Groups * TGroups.Bytes);
            }
            for (int b = 0; b < count; b += TGroups.Groups)
            {
                int at = (b * blockRows) + r;
                TGroups.FactorsOfRows(blocks, blockRows, panel.Scales + at, panel.MinimumScales + at, scales, panel.Minimums + at);
                for (int g = 0; g < TGroups.Groups; g++)
                {
                    int* target = panel.Words + ((b + g) * Pairs * blockRows) + r;
                    if (Avx2.IsSupported)
                    {
                        InterleaveAvx2<TGroups>(blocks, g, scales + (8 * g), target, blockRows);
                    }
                    else
                    {
                        Interleave<TGroups>(blocks, g, scales + (8 * g), target, blockRows);
                    }
                }
                for (int i = 0; i < 8; i++)
                {
                    blocks[i] += TGroups.Bytes;
                }
            }
        }
    }

    /// <summary>Eight rows' groups as 16 vectors of pairs s·u, in the order of <see cref="QuantizedBlock.Widen"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Interleave<TGroups>(byte** blocks, int group, int* scales, int* target, int stride)
        where TGroups : struct, IQuantizedGroups
    {
        for (int i = 0; i < 8; i++)
        {
            QuantizedBlock.Widen(TGroups.Load32(blocks[i], group), out Vector256<int> even, out Vector256<int> odd);
            if (TGroups.HasScales)
            {
                // The halves of the vectors are those of the group.
                Vector256<short> scale = Vector256.Create(Vector128.Create((short)scales[i]), Vector128.Create((short)(scales[i] >> 16)));
                even = (even.AsInt16() * scale).AsInt32();
                odd = (odd.AsInt16() * scale).AsInt32();
            }
            for (int q = 0; q < 8; q++)
            {
                target[(q * stride) + i] = even[q];
                target[((q + 8) * stride) + i] = odd[q];
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void InterleaveAvx2<TGroups>(byte** blocks, int group, int* scales, int* target, int stride)
        where TGroups : struct, IQuantizedGroups
    {
        // An 8 × 8 transposition of 32-bit elements (four columns each): pairs, quads, halves.
        Vector256<int> r0 = Load<TGroups>(blocks[0], group), r1 = Load<TGroups>(blocks[1], group);
        Vector256<int> r2 = Load<TGroups>(blocks[2], group), r3 = Load<TGroups>(blocks[3], group);
        Vector256<int> r4 = Load<TGroups>(blocks[4], group), r5 = Load<TGroups>(blocks[5], group);
        Vector256<int> r6 = Load<TGroups>(blocks[6], group), r7 = Load<TGroups>(blocks[7], group);
        Vector256<long> a0 = Avx2.UnpackLow(r0, r1).AsInt64(), a1 = Avx2.UnpackHigh(r0, r1).AsInt64();
        Vector256<long> a2 = Avx2.UnpackLow(r2, r3).AsInt64(), a3 = Avx2.UnpackHigh(r2, r3).AsInt64();
        Vector256<long> a4 = Avx2.UnpackLow(r4, r5).AsInt64(), a5 = Avx2.UnpackHigh(r4, r5).AsInt64();
        Vector256<long> a6 = Avx2.UnpackLow(r6, r7).AsInt64(), a7 = Avx2.UnpackHigh(r6, r7).AsInt64();

        // Quads 0 to 3 are the first half of a group: each row's scale of that half in both words of its lane.
        Vector256<int> pairs = TGroups.HasScales ? Vector256.Load(scales) : Vector256<int>.Zero;
        Vector256<short> first = ((pairs & Vector256.Create(0xFFFF)) | (pairs << 16)).AsInt16();
        Vector256<short> second = ((pairs >>> 16) | (pairs & Vector256.Create(~0xFFFF))).AsInt16();
        Store<TGroups>(Avx2.UnpackLow(a0, a2), Avx2.UnpackLow(a4, a6), first, second, target, stride);
        Store<TGroups>(Avx2.UnpackHigh(a0, a2), Avx2.UnpackHigh(a4, a6), first, second, target + stride, stride);
        Store<TGroups>(Avx2.UnpackLow(a1, a3), Avx2.UnpackLow(a5, a7), first, second, target + (2 * stride), stride);
        Store<TGroups>(Avx2.UnpackHigh(a1, a3), Avx2.UnpackHigh(a5, a7), first, second, target + (3 * stride), stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<int> Load<TGroups>(byte* block, int group)
        where TGroups : struct, IQuantizedGroups => TGroups.Load32(block, group).AsInt32();

    /// <summary>Stores the quads q and q + 4 of eight rows, widened and scaled.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void Store<TGroups>(
        Vector256<long> upperRows, Vector256<long> lowerRows, Vector256<short> first, Vector256<short> second, int* target, int stride)
        where TGroups : struct, IQuantizedGroups
    {
        StoreQuad<TGroups>(Avx2.Permute2x128(upperRows, lowerRows, 0x20).AsSByte(), first, target, stride);
        StoreQuad<TGroups>(Avx2.Permute2x128(upperRows, lowerRows, 0x31).AsSByte(), second, target + (4 * stride), stride);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void StoreQuad<TGroups>(Vector256<sbyte> quads, Vector256<short> scales, int* target, int stride)
        where TGroups : struct, IQuantizedGroups
    {
        QuantizedBlock.Widen(quads, out Vector256<int> even, out Vector256<int> odd);
        if (TGroups.HasScales)
        {
            even = (even.AsInt16() * scales).AsInt32();
            odd = (odd.AsInt16() * scales).AsInt32();
        }
        even.Store(target);
        odd.Store(target + (8 * stride));
    }

    /// <summary>One activation row.</summary>
    private struct Activation
    {
        /// <summary>Pairs of words.</summary>
        public int* Words;

        /// <summary>Scale of every block.</summary>
        public float* Scales;

        /// <summary>Sums of the halves of every block, in pairs of words.</summary>
        public int* Sums;
    }

    /// <summary>A panel of activation rows and the scratch memory of one worker.</summary>
    private struct Panel
    {
        /// <summary>First activation row, counted in the task.</summary>
        public int First;

        /// <summary>Activation rows.</summary>
        public int Tokens;

        /// <summary>The activation rows.</summary>
        public Activation* X;

        /// <summary>Interleaved weights, [PieceGroups, Pairs, rows].</summary>
        public int* Words;

        /// <summary>Scales of the weights, [PieceGroups, rows].</summary>
        public float* Scales;

        /// <summary>Scales of the minimums, [PieceGroups, rows].</summary>
        public float* MinimumScales;

        /// <summary>Minimums of the halves in pairs of words, [PieceGroups, rows]; null when the format has none.</summary>
        public int* Minimums;

        /// <summary>Sums, [tokens, Lanes, rows].</summary>
        public float* Sums;
    }
}
