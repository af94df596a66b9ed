using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Matrix products for weights of small integers with scales, in groups of 32 (<see cref="IQuantizedGroups"/>), against activations in
/// blocks of 32 signed bytes. The integer sums of a group are exact, so only the order of the groups matters, and it is the same for
/// every shape and instruction set: lane l of eight sums float(Σ s·u·x)·(d_w·d_x), then float(Σ n·x)·(m_w·d_x) where the format has
/// minimums, of the groups l, l + 8, l + 16, … with one multiply-add each (fused where the processor has it); then the lanes are
/// folded in halves.
/// </summary>
internal static unsafe class QuantizedProduct
{
    /// <summary>Lanes that the groups of a row are dealt to.</summary>
    public const int Lanes = 8;

    /// <summary>With fewer activation rows the weights are streamed as they are; packing them for tiles pays from here on.</summary>
    private const int FewTokens = 4;

    /// <summary>Computes a block of a product.</summary>
    public static void Multiply<TGroups>(in ProductTask task)
        where TGroups : struct, IQuantizedGroups
    {
        if (task.Count >= FewTokens)
        {
            Pack<TGroups>(task);
        }
        else if (task.Activations.Kernels == KernelSet.Portable)
        {
            Stream<TGroups, PortableSums<TGroups>>(task);
        }
        else if (task.Activations.Kernels == KernelSet.Avx512 && TGroups.LargestAvx512 > 0)
        {
            Stream<TGroups, Avx512Sums<TGroups>>(task);
        }
        else
        {
            Stream<TGroups, Avx2Sums<TGroups>>(task);
        }
    }

    private static void Pack<TGroups>(in ProductTask task)
        where TGroups : struct, IQuantizedGroups
    {
        switch (task.Activations.Kernels)
        {
            case KernelSet.Avx512:
                QuantizedPanels.Multiply<TGroups, QuantizedLanes512, Vector512<int>>(task);
                break;
            case KernelSet.Avx2:
                QuantizedPanels.Multiply<TGroups, QuantizedLanes256, Vector256<int>>(task);
                break;
            default:
                QuantizedPanels.Multiply<TGroups, QuantizedLanes128, Vector128<int>>(task);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Stream<TGroups, TSums>(in ProductTask task)
        where TGroups : struct, IQuantizedGroups
        where TSums : struct, IGroupSums
    {
        int groups = task.Weights.Columns / QuantizedBlock.Length;
        for (int row = task.RowStart; row < task.RowEnd; row++)
        {
            for (int i = 0; i < task.Count; i++)
            {
                int token = task.Token(i);
                task.OutputRow(i)[row] = Dot<TGroups, TSums>(
                    task.WeightRow(row),
                    task.Activations.Quantized(token),
                    task.Activations.Scales(token),
                    task.Activations.Sums(token),
                    groups);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot<TGroups, TSums>(byte* weights, sbyte* x, float* scales, int* sums, int groups)
        where TGroups : struct, IQuantizedGroups
        where TSums : struct, IGroupSums
    {
        Vector256<float> total = Vector256<float>.Zero;
        int g = 0;
        for (; g <= groups - Lanes; g += Lanes)
        {
            total = Add<TGroups, TSums>(weights, x, scales + g, sums + g, total);
            weights += Lanes / TGroups.Groups * TGroups.Bytes;
            x += Lanes * QuantizedBlock.Length;
        }
        return g < groups
            ? SumWithRest<TGroups, TSums>(weights, x, scales + g, sums + g, groups - g, total)
            : Lanes256.Sum(total);
    }

    /// <summary>
    /// Adds the last groups of a row, fewer than eight: as many blocks of one group. (A vector that came back from a call would live
    /// in memory all through the loop before.)
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float SumWithRest<TGroups, TSums>(byte* weights, sbyte* x, float* scales, int* sums, int rest, Vector256<float> total)
        where TGroups : struct, IQuantizedGroups
        where TSums : struct, IGroupSums
    {
        // The weights may end where their memory ends; the buffers of the activations are filled up to eight blocks.
        byte* eight = stackalloc byte[Lanes * TGroups.Bytes];
        new Span<byte>(eight, Lanes * TGroups.Bytes).Clear();
        new ReadOnlySpan<byte>(weights, rest * TGroups.Bytes).CopyTo(new Span<byte>(eight, Lanes * TGroups.Bytes));
        Vector256<float> added = Add<TGroups, TSums>(eight, x, scales, sums, total);

        // Lanes without a group stay untouched: adding zero would turn −0 into +0.
        return Lanes256.Sum(
            Vector256.ConditionalSelect(Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(rest)).AsSingle(), added, total));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add<TGroups, TSums>(byte* weights, sbyte* x, float* scales, int* sums, Vector256<float> total)
        where TGroups : struct, IQuantizedGroups
        where TSums : struct, IGroupSums
    {
        TSums.Eight(weights, x, out Vector256<int> first, out Vector256<int> second);
        TGroups.Factors(weights, out Vector256<float> d, out Vector256<float> m, out Vector256<int> s, out Vector256<int> n);
        Vector256<int> ofX = Vector256.Load(sums);
        Vector256<int> products;
        if (TGroups.HasScales)
        {
            products = (first * ((s << 16) >> 16)) + (second * (s >> 16));
            if (TSums.Offset != 0)
            {
                products -= QuantizedBlock.MultiplyPairs(ofX, (s.AsInt16() * Vector256.Create((short)TSums.Offset)).AsInt32());
            }
        }
        else
        {
            products = first + second;
            if (TSums.Offset != 0)
            {
                products -= QuantizedBlock.MultiplyPairs(ofX, Vector256.Create((short)TSums.Offset).AsInt32());
            }
        }
        Vector256<float> scalesOfX = Vector256.Load(scales);
        total = Vector256.MultiplyAddEstimate(Vector256.ConvertToSingle(products), d * scalesOfX, total);
        return TGroups.HasMinimums
            ? Vector256.MultiplyAddEstimate(Vector256.ConvertToSingle(QuantizedBlock.MultiplyPairs(ofX, n)), m * scalesOfX, total)
            : total;
    }

    /// <summary>Exact sums of v·x over groups.</summary>
    private interface IGroupSums
    {
        /// <summary>What the integers v exceed u by.</summary>
        static abstract int Offset { get; }

        /// <summary>The sums of the first and of the second halves of eight groups that follow each other.</summary>
        static abstract void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second);
    }

    private readonly struct Avx2Sums<TGroups> : IGroupSums
        where TGroups : struct, IQuantizedGroups
    {
        public static int Offset => TGroups.OffsetAvx2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second)
        {
            // Lanes 0 to 3 belong to first halves all the way, lanes 4 to 7 to second halves.
            Vector256<int> a = AddPairs(
                AddPairs(TGroups.ProductAvx2(blocks, 0, x), TGroups.ProductAvx2(blocks, 1, x + 32)),
                AddPairs(TGroups.ProductAvx2(blocks, 2, x + 64), TGroups.ProductAvx2(blocks, 3, x + 96)));
            Vector256<int> b = AddPairs(
                AddPairs(TGroups.ProductAvx2(blocks, 4, x + 128), TGroups.ProductAvx2(blocks, 5, x + 160)),
                AddPairs(TGroups.ProductAvx2(blocks, 6, x + 192), TGroups.ProductAvx2(blocks, 7, x + 224)));
            first = Avx2.Permute2x128(a, b, 0x20);
            second = Avx2.Permute2x128(a, b, 0x31);
        }

        /// <summary>vphaddd in two shuffles and an addition, which processors do faster.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> AddPairs(Vector256<int> a, Vector256<int> b) =>
            Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0x88).AsInt32() + Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0xDD).AsInt32();
    }

    private readonly struct Avx512Sums<TGroups> : IGroupSums
        where TGroups : struct, IQuantizedGroups
    {
        public static int Offset => TGroups.OffsetAvx2;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second)
        {
            Vector512<short> a = AddPairs(Products(blocks, 0, x), Products(blocks, 1, x + 64));
            Vector512<short> b = AddPairs(Products(blocks, 2, x + 128), Products(blocks, 3, x + 192));

            // A word of a and b is the sum of four products. Where eight fit into it, words are added once more before they are widened.
            Vector512<int> sums = TGroups.LargestAvx512 <= short.MaxValue / (8 * 127)
                ? Widen(AddPairs(a, b))
                : AddPairs(Widen(a), Widen(b));

            // Quarters are the halves of even groups, then those of odd groups.
            Vector512<int> halves = Avx512F.PermuteVar16x32(
                sums, Vector512.Create(0, 8, 1, 9, 2, 10, 3, 11, 4, 12, 5, 13, 6, 14, 7, 15));
            first = halves.GetLower();
            second = halves.GetUpper();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<short> Products(byte* blocks, int pair, sbyte* x) =>
            Avx512BW.MultiplyAddAdjacent(TGroups.Load64Avx512(blocks, pair), Vector512.Load(x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> Widen(Vector512<short> words) => Avx512BW.MultiplyAddAdjacent(words, Vector512<short>.One);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<short> AddPairs(Vector512<short> a, Vector512<short> b) =>
            Even(a.AsSingle(), b.AsSingle()).AsInt16() + Odd(a.AsSingle(), b.AsSingle()).AsInt16();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<int> AddPairs(Vector512<int> a, Vector512<int> b) =>
            Even(a.AsSingle(), b.AsSingle()).AsInt32() + Odd(a.AsSingle(), b.AsSingle()).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Even(Vector512<float> a, Vector512<float> b) => Avx512F.Shuffle(a, b, 0x88);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector512<float> Odd(Vector512<float> a, Vector512<float> b) => Avx512F.Shuffle(a, b, 0xDD);
    }

    private readonly struct PortableSums<TGroups> : IGroupSums
        where TGroups : struct, IQuantizedGroups
    {
        public static int Offset => 0;

        public static void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second)
        {
            int* sums = stackalloc int[2 * Lanes];
            for (int l = 0; l < Lanes; l++)
            {
                Vector256<sbyte> weights = TGroups.Load32(blocks, l);
                sums[l] = Sum(weights.GetLower(), Vector128.Load(x + (l * QuantizedBlock.Length)));
                sums[Lanes + l] = Sum(weights.GetUpper(), Vector128.Load(x + (l * QuantizedBlock.Length) + 16));
            }
            first = Vector256.Load(sums);
            second = Vector256.Load(sums + Lanes);
        }

        private static int Sum(Vector128<sbyte> weights, Vector128<sbyte> x)
        {
            // |u·x| ≤ 128·127 fits a word.
            (Vector128<short> lowWeights, Vector128<short> highWeights) = Vector128.Widen(weights);
            (Vector128<short> lowX, Vector128<short> highX) = Vector128.Widen(x);
            (Vector128<int> a, Vector128<int> b) = Vector128.Widen(lowWeights * lowX);
            (Vector128<int> c, Vector128<int> d) = Vector128.Widen(highWeights * highX);
            return Vector128.Sum(a + b + c + d);
        }
    }
}
