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

    private static void Dot4<TElement, TLanes, TVector>(byte* weights, long stride, float* x, int columns, float* output)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        byte* w1 = weights + stride;
        byte* w2 = w1 + stride;
        byte* w3 = w2 + stride;
        TVector s0 = TLanes.Zero, s1 = TLanes.Zero, s2 = TLanes.Zero, s3 = TLanes.Zero;
        long whole = columns / TLanes.Count * TLanes.Count;
        for (long k = 0; k < whole; k += TLanes.Count)
        {
            TVector b = TLanes.Load(x + k);
            s0 = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(weights, k), b, s0);
            s1 = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(w1, k), b, s1);
            s2 = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(w2, k), b, s2);
            s3 = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(w3, k), b, s3);
        }
        if (whole < columns)
        {
            s0 = AddTail<TElement, TLanes, TVector>(weights, x, whole, columns, s0);
            s1 = AddTail<TElement, TLanes, TVector>(w1, x, whole, columns, s1);
            s2 = AddTail<TElement, TLanes, TVector>(w2, x, whole, columns, s2);
            s3 = AddTail<TElement, TLanes, TVector>(w3, x, whole, columns, s3);
        }
        output[0] = TLanes.Sum(s0);
        output[1] = TLanes.Sum(s1);
        output[2] = TLanes.Sum(s2);
        output[3] = TLanes.Sum(s3);
    }

    private static float Dot<TElement, TLanes, TVector>(byte* weights, float* x, int columns)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector sum = TLanes.Zero;
        long whole = columns / TLanes.Count * TLanes.Count;
        for (long k = 0; k < whole; k += TLanes.Count)
        {
            sum = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(weights, k), TLanes.Load(x + k), sum);
        }
        return TLanes.Sum(whole < columns ? AddTail<TElement, TLanes, TVector>(weights, x, whole, columns, sum) : sum);
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static TVector AddTail<TElement, TLanes, TVector>(byte* weights, float* x, long start, int columns, TVector sum)
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
        return TLanes.MultiplyAdd(TLanes.Load(tails), TLanes.Load(tails + TLanes.Count), sum);
    }
}
