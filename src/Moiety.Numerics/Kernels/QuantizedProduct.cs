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
        else if (task.Activations.Kernels == KernelSet.Avx2)
        {
            Stream<TGroups, Avx2Sums<TGroups>>(task);
        }
        else if (TGroups.LargestAvx512 == 0)
        {
            Stream<TGroups, Avx512SignedSums<TGroups>>(task);
        }
        else
        {
            Stream<TGroups, Avx512Sums<TGroups>>(task);
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
        int step = TSums.IsWide ? 2 * Lanes : Lanes;
        int g = 0;
        for (; g <= groups - step; g += step)
        {
            total = TSums.IsWide
                ? AddSixteen<TGroups, TSums>(weights, x, scales + g, sums + g, total)
                : Add<TGroups, TSums>(weights, x, scales + g, sums + g, total);
            weights += step / TGroups.Groups * TGroups.Bytes;
            x += step * QuantizedBlock.Length;
        }
        if (TSums.IsWide && g <= groups - Lanes)
        {
            // Here and not in the call below: for short rows it would be most of the work.
            total = Add<TGroups, TSums>(weights, x, scales + g, sums + g, total);
            weights += Lanes / TGroups.Groups * TGroups.Bytes;
            x += Lanes * QuantizedBlock.Length;
            g += Lanes;
        }
        return g < groups
            ? SumWithRest<TGroups, TSums>(weights, x, scales + g, sums + g, groups - g, total)
            : Lanes256.Sum(total);
    }

    /// <summary>
    /// Adds the last groups of a row, fewer than eight. (A vector that came back from a call would live in memory all through the loop
    /// before.)
    /// </summary>
    [MethodImpl(MethodImplOptions.NoInlining | MethodImplOptions.AggressiveOptimization)]
    private static float SumWithRest<TGroups, TSums>(byte* weights, sbyte* x, float* scales, int* sums, int rest, Vector256<float> total)
        where TGroups : struct, IQuantizedGroups
        where TSums : struct, IGroupSums
    {
        // As many blocks of one. The weights may end where their memory ends; the buffers of the activations are filled up to eight blocks.
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
            products = TGroups.HasHalfScales ? (first * ((s << 16) >> 16)) + (second * (s >> 16)) : (first + second) * (s >> 16);
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

    /// <summary>Two times <see cref="Add"/>, with vectors of twice the width as far as the order of the sums lets.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector256<float> AddSixteen<TGroups, TSums>(byte* weights, sbyte* x, float* scales, int* sums, Vector256<float> total)
        where TGroups : struct, IQuantizedGroups
        where TSums : struct, IGroupSums
    {
        TSums.Sixteen(weights, x, out Vector512<int> first, out Vector512<int> second);
        TGroups.FactorsAvx512(weights, out Vector512<float> d, out Vector512<float> m, out Vector512<int> s, out Vector512<int> n);
        Vector512<int> ofX = Vector512.Load(sums);
        Vector512<int> products;
        if (TGroups.HasScales)
        {
            products = TGroups.HasHalfScales ? (first * ((s << 16) >> 16)) + (second * (s >> 16)) : (first + second) * (s >> 16);
            if (TSums.Offset != 0)
            {
                products -= MultiplyPairs(ofX, (s.AsInt16() * Vector512.Create((short)TSums.Offset)).AsInt32());
            }
        }
        else
        {
            products = first + second;
            if (TSums.Offset != 0)
            {
                products -= MultiplyPairs(ofX, Vector512.Create((short)TSums.Offset).AsInt32());
            }
        }
        Vector512<float> scalesOfX = Vector512.Load(scales);
        Vector512<float> sum = Vector512.ConvertToSingle(products);
        Vector512<float> factor = d * scalesOfX;
        total = Vector256.MultiplyAddEstimate(sum.GetLower(), factor.GetLower(), total);
        if (!TGroups.HasMinimums)
        {
            return Vector256.MultiplyAddEstimate(sum.GetUpper(), factor.GetUpper(), total);
        }
        Vector512<float> sumOfMinimums = Vector512.ConvertToSingle(MultiplyPairs(ofX, n));
        Vector512<float> factorOfMinimums = m * scalesOfX;
        total = Vector256.MultiplyAddEstimate(sumOfMinimums.GetLower(), factorOfMinimums.GetLower(), total);
        total = Vector256.MultiplyAddEstimate(sum.GetUpper(), factor.GetUpper(), total);
        return Vector256.MultiplyAddEstimate(sumOfMinimums.GetUpper(), factorOfMinimums.GetUpper(), total);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector512<int> MultiplyPairs(Vector512<int> a, Vector512<int> b) => Avx512BW.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16());
}
