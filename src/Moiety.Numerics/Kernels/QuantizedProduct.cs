using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Matrix products for weights in blocks of 32 integers with a scale (Q8_0, Q4_0), against activations in blocks of 32 signed
/// bytes. The integer sum of a block is exact, so only the order of the blocks matters, and it is the same for every shape
/// and instruction set: lane l of eight sums float(Σ w·x)·(d_w·d_x) of the blocks l, l + 8, l + 16, … with one multiply-add each
/// (fused where the processor has it), then the lanes are folded in halves.
/// </summary>
internal static unsafe class QuantizedProduct
{
    /// <summary>Lanes that the blocks of a row are dealt to.</summary>
    public const int Lanes = 8;

    /// <summary>With fewer activation rows the weights are streamed as they are; packing them for tiles pays from here on.</summary>
    private const int FewTokens = 4;

    /// <summary>Computes a block of a product.</summary>
    public static void Multiply<TBlock>(in ProductTask task)
        where TBlock : struct, IQuantizedBlock
    {
        if (task.Count >= FewTokens)
        {
            Pack<TBlock>(task);
        }
        else if (task.Activations.Kernels == KernelSet.Portable)
        {
            Stream<TBlock, PortableSums<TBlock>>(task);
        }
        else
        {
            Stream<TBlock, Avx2Sums<TBlock>>(task);
        }
    }

    private static void Pack<TBlock>(in ProductTask task)
        where TBlock : struct, IQuantizedBlock
    {
        switch (task.Activations.Kernels)
        {
            case KernelSet.Avx512:
                QuantizedPanels.Multiply<TBlock, QuantizedLanes512, Vector512<int>>(task);
                break;
            case KernelSet.Avx2:
                QuantizedPanels.Multiply<TBlock, QuantizedLanes256, Vector256<int>>(task);
                break;
            default:
                QuantizedPanels.Multiply<TBlock, QuantizedLanes128, Vector128<int>>(task);
                break;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Stream<TBlock, TSums>(in ProductTask task)
        where TBlock : struct, IQuantizedBlock
        where TSums : struct, IBlockSums
    {
        int blocks = task.Weights.Columns / QuantizedBlock.Length;
        for (int row = task.RowStart; row < task.RowEnd; row++)
        {
            for (int i = 0; i < task.Count; i++)
            {
                int token = task.Token(i);
                task.OutputRow(i)[row] = Dot<TBlock, TSums>(
                    task.WeightRow(row),
                    task.Activations.Quantized(token),
                    task.Activations.Scales(token),
                    task.Activations.Sums(token),
                    blocks);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot<TBlock, TSums>(byte* weights, sbyte* x, float* scales, int* sums, int blocks)
        where TBlock : struct, IQuantizedBlock
        where TSums : struct, IBlockSums
    {
        Vector256<float> total = Vector256<float>.Zero;
        int b = 0;
        for (; b <= blocks - Lanes; b += Lanes)
        {
            total = Add<TBlock, TSums>(TSums.Eight(weights, x), WeightScales<TBlock>(weights), scales + b, sums + b, total);
            weights += Lanes * TBlock.Bytes;
            x += Lanes * QuantizedBlock.Length;
        }
        if (b < blocks)
        {
            int rest = blocks - b;
            int* lanes = stackalloc int[2 * Lanes];
            new Span<int>(lanes, 2 * Lanes).Clear();
            for (int l = 0; l < rest; l++)
            {
                lanes[l] = TSums.One(weights + (l * TBlock.Bytes), x + (l * QuantizedBlock.Length));
                lanes[Lanes + l] = *(ushort*)(weights + (l * TBlock.Bytes));
            }
            Vector256<float> weightScales = Lanes256.HalfToSingle(Vector256.Load(lanes + Lanes).AsUInt32());
            Vector256<float> added = Add<TBlock, TSums>(Vector256.Load(lanes), weightScales, scales + b, sums + b, total);

            // Lanes without a block stay untouched: adding zero would turn −0 into +0.
            total = Vector256.ConditionalSelect(
                Vector256.LessThan(Vector256<int>.Indices, Vector256.Create(rest)).AsSingle(), added, total);
        }
        return Lanes256.Sum(total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> Add<TBlock, TSums>(
        Vector256<int> blockSums, Vector256<float> weightScales, float* scales, int* sums, Vector256<float> total)
        where TBlock : struct, IQuantizedBlock
        where TSums : struct, IBlockSums
    {
        if (TSums.Offset != 0)
        {
            blockSums -= Vector256.Load(sums) << BitOperations.Log2((uint)TSums.Offset);
        }
        return Vector256.MultiplyAddEstimate(Vector256.ConvertToSingle(blockSums), weightScales * Vector256.Load(scales), total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> WeightScales<TBlock>(byte* block)
        where TBlock : struct, IQuantizedBlock
    {
        Vector128<ushort> halves = Vector128.Create(
            FourScales<TBlock>(block), FourScales<TBlock>(block + (4 * TBlock.Bytes))).AsUInt16();
        return Lanes256.HalfToSingle(Lanes256.Widen(halves));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static ulong FourScales<TBlock>(byte* block)
        where TBlock : struct, IQuantizedBlock =>
        *(ushort*)block
        | ((ulong)*(ushort*)(block + TBlock.Bytes) << 16)
        | ((ulong)*(ushort*)(block + (2 * TBlock.Bytes)) << 32)
        | ((ulong)*(ushort*)(block + (3 * TBlock.Bytes)) << 48);

    /// <summary>Exact sums of u·x over blocks.</summary>
    private interface IBlockSums
    {
        /// <summary>What to take off the integers u.</summary>
        static abstract int Offset { get; }

        /// <summary>The sum of one block.</summary>
        static abstract int One(byte* block, sbyte* x);

        /// <summary>The sums of eight blocks that follow each other.</summary>
        static abstract Vector256<int> Eight(byte* block, sbyte* x);
    }

    private readonly struct Avx2Sums<TBlock> : IBlockSums
        where TBlock : struct, IQuantizedBlock
    {
        public static int Offset => TBlock.OffsetAvx2;

        public static int One(byte* block, sbyte* x) => Vector256.Sum(TBlock.ProductAvx2(block, x));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> Eight(byte* block, sbyte* x)
        {
            Vector256<int> first = AddPairs(Two(block, x), Two(block + (2 * TBlock.Bytes), x + 64));
            block += 4 * TBlock.Bytes;
            Vector256<int> second = AddPairs(Two(block, x + 128), Two(block + (2 * TBlock.Bytes), x + 192));
            return Avx2.Permute2x128(first, second, 0x20) + Avx2.Permute2x128(first, second, 0x31);
        }

        /// <summary>vphaddd in two shuffles and an addition, which processors do faster.</summary>
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> AddPairs(Vector256<int> a, Vector256<int> b) =>
            Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0x88).AsInt32() + Avx.Shuffle(a.AsSingle(), b.AsSingle(), 0xDD).AsInt32();

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        private static Vector256<int> Two(byte* block, sbyte* x) =>
            AddPairs(TBlock.ProductAvx2(block, x), TBlock.ProductAvx2(block + TBlock.Bytes, x + 32));
    }

    private readonly struct PortableSums<TBlock> : IBlockSums
        where TBlock : struct, IQuantizedBlock
    {
        public static int Offset => TBlock.Offset;

        public static int One(byte* block, sbyte* x)
        {
            Vector256<sbyte> weights = TBlock.Load32(block);
            return Vector128.Sum(Products(weights.GetLower(), Vector128.Load(x)) + Products(weights.GetUpper(), Vector128.Load(x + 16)));
        }

        public static Vector256<int> Eight(byte* block, sbyte* x)
        {
            int* sums = stackalloc int[Lanes];
            for (int l = 0; l < Lanes; l++)
            {
                sums[l] = One(block + (l * TBlock.Bytes), x + (l * QuantizedBlock.Length));
            }
            return Vector256.Load(sums);
        }

        private static Vector128<int> Products(Vector128<sbyte> weights, Vector128<sbyte> x)
        {
            // |u·x| ≤ 128·127 fits a word.
            (Vector128<short> lowWeights, Vector128<short> highWeights) = Vector128.Widen(weights);
            (Vector128<short> lowX, Vector128<short> highX) = Vector128.Widen(x);
            (Vector128<int> a, Vector128<int> b) = Vector128.Widen(lowWeights * lowX);
            (Vector128<int> c, Vector128<int> d) = Vector128.Widen(highWeights * highX);
            return a + b + c + d;
        }
    }
}
