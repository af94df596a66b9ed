namespace Moiety.Numerics.Kernels;

/// <summary>
/// Matrix products for formats without blocks (F32, F16, BF16), in single precision. The order of accumulation is the same
/// for every shape: lane l of one vector sums the products of the columns l, l + L, l + 2L, … with one fused multiply-add each
/// (L lanes; a tail is filled with zeros), then the lanes are folded in halves. Tiles never change it.
/// </summary>
internal static unsafe class DenseProduct
{
    /// <summary>Computes a block of a product.</summary>
    public static void Multiply<TElement>(in ProductTask task)
        where TElement : struct, IDenseElement
    {
        switch (task.Activations.Kernels)
        {
            case KernelSet.Avx512:
                Rows<TElement, Lanes512, System.Runtime.Intrinsics.Vector512<float>>(task);
                break;
            case KernelSet.Avx2:
                Rows<TElement, Lanes256, System.Runtime.Intrinsics.Vector256<float>>(task);
                break;
            default:
                Rows<TElement, Lanes128, System.Runtime.Intrinsics.Vector128<float>>(task);
                break;
        }
    }

    private static void Rows<TElement, TLanes, TVector>(in ProductTask task)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        for (int row = task.RowStart; row < task.RowEnd; row++)
        {
            for (int i = 0; i < task.Count; i++)
            {
                task.OutputRow(i)[row] =
                    Dot<TElement, TLanes, TVector>(task.WeightRow(row), task.Activations.Row(task.Token(i)), task.Weights.Columns);
            }
        }
    }

    private static float Dot<TElement, TLanes, TVector>(byte* weights, float* x, int columns)
        where TElement : struct, IDenseElement
        where TLanes : struct, ILanes<TVector>
        where TVector : struct
    {
        TVector sum = TLanes.Zero;
        int k = 0;
        for (; k <= columns - TLanes.Count; k += TLanes.Count)
        {
            sum = TLanes.MultiplyAdd(TElement.Load<TLanes, TVector>(weights, k), TLanes.Load(x + k), sum);
        }
        if (k < columns)
        {
            float* tails = stackalloc float[32];
            for (int i = 0; i < columns - k; i++)
            {
                tails[i] = TElement.Load(weights, k + i);
                tails[16 + i] = x[k + i];
            }
            sum = TLanes.MultiplyAdd(TLanes.Load(tails), TLanes.Load(tails + 16), sum);
        }
        return TLanes.Sum(sum);
    }
}
