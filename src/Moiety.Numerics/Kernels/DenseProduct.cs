using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Matrix products for formats without blocks (F32, F16, BF16), in single precision. The order of accumulation is the same
/// for every shape: lane l of one vector sums the products of the columns l, l + L, l + 2L, … with one fused multiply-add each
/// (L lanes; a tail is filled with zeros), then the lanes are folded in halves. Tiles and blocks never change it.
/// </summary>
internal static unsafe class DenseProduct
{
    /// <summary>With fewer activation rows the weights are streamed once and every row of them meets all activations.</summary>
    private const int FewTokens = 4;

    /// <summary>Computes a block of a product.</summary>
    public static void Multiply<TElement>(in ProductTask task)
        where TElement : struct, IDenseElement
    {
        switch (task.Activations.Kernels)
        {
            case KernelSet.Avx512:
                Multiply<TElement, Lanes512, Vector512<float>>(task);
                break;
            case KernelSet.Avx2:
                Multiply<TElement, Lanes256, Vector256<float>>(task);
                break;
            default:
                Multiply<TElement, Lanes128, Vector128<float>>(task);
                break;
        }
    }

    private static void Multiply<TElement, TLanes, TVector>(in ProductTask task)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        if (task.Count >= FewTokens)
        {
            DensePanels.Multiply<TElement, TLanes, TVector>(task);
        }
        else if (task.Count > 0)
        {
            Stream<TElement, TLanes, TVector>(task);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Stream<TElement, TLanes, TVector>(in ProductTask task)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        int row = task.RowStart;
        for (; row <= task.RowEnd - 4; row += 4)
        {
            for (int i = 0; i < task.Count; i++)
            {
                Dot4<TElement, TLanes, TVector>(
                    task.WeightRow(row), task.Weights.RowBytes, task.Activations.Row(task.Token(i)), task.Weights.Columns, task.OutputRow(i) + row);
            }
        }
        for (; row < task.RowEnd; row++)
        {
            for (int i = 0; i < task.Count; i++)
            {
                task.OutputRow(i)[row] =
                    Dot<TElement, TLanes, TVector>(task.WeightRow(row), task.Activations.Row(task.Token(i)), task.Weights.Columns);
            }
        }
    }

    [SkipLocalsInit]
    private static void Dot4<TElement, TLanes, TVector>(byte* weights, long stride, float* x, int columns, float* output)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* sums = stackalloc float[4 * TLanes.Count];
        long whole = columns / TLanes.Count * TLanes.Count;
        SumWhole4<TElement, TLanes, TVector>(weights, stride, x, whole, sums);
        for (int r = 0; r < 4; r++)
        {
            float* sum = sums + (r * TLanes.Count);
            if (whole < columns)
            {
                AddTail<TElement, TLanes, TVector>(weights + (r * stride), x, whole, columns, sum);
            }
            output[r] = TLanes.Sum(TLanes.Load(sum));
        }
    }

    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Dot<TElement, TLanes, TVector>(byte* weights, float* x, int columns)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* sums = stackalloc float[TLanes.Count];
        long whole = columns / TLanes.Count * TLanes.Count;
        TVector sum = TLanes.Zero;
        for (long k = 0; k < whole; k += TLanes.Count)
        {
            sum = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(weights, k), TLanes.Load(x + k), sum);
        }
        TLanes.Store(sum, sums);
        if (whole < columns)
        {
            AddTail<TElement, TLanes, TVector>(weights, x, whole, columns, sums);
        }
        return TLanes.Sum(TLanes.Load(sums));
    }

    /// <summary>The hot loop, alone in its method: vectors that are handed to another call would leave their registers.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void SumWhole4<TElement, TLanes, TVector>(byte* w0, long stride, float* x, long columns, float* sums)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        byte* w1 = w0 + stride;
        byte* w2 = w1 + stride;
        byte* w3 = w2 + stride;
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        for (long k = 0; k < columns; k += TLanes.Count)
        {
            TVector b = TLanes.Load(x + k);
            s0 = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(w0, k), b, s0);
            s1 = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(w1, k), b, s1);
            s2 = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(w2, k), b, s2);
            s3 = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(w3, k), b, s3);
        }
        TLanes.Store(s0, sums);
        TLanes.Store(s1, sums + TLanes.Count);
        TLanes.Store(s2, sums + (2 * TLanes.Count));
        TLanes.Store(s3, sums + (3 * TLanes.Count));
    }

    private static void AddTail<TElement, TLanes, TVector>(byte* weights, float* x, long start, int columns, float* sum)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        float* tails = stackalloc float[2 * TLanes.Count];
        new Span<float>(tails, 2 * TLanes.Count).Clear();
        for (int i = 0; i < columns - start; i++)
        {
            tails[i] = TElement.Load(weights, start + i);
            tails[TLanes.Count + i] = x[start + i];
        }
        TLanes.Store(TLanes.MultiplyAdd(TLanes.Load(tails), TLanes.Load(tails + TLanes.Count), TLanes.Load(sum)), sum);
    }
}
