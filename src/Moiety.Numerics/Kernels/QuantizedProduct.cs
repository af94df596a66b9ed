using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// Matrix products for weights in blocks of 32 integers with a scale (Q8_0, Q4_0), against activations in blocks of 32 signed
/// bytes. The integer sum of a block is exact, so only the order of the blocks matters, and it is the same for every shape
/// and instruction set: lane l of eight sums float(Σ w·x)·(d_w·d_x) of the blocks l, l + 8, l + 16, … with one fused
/// multiply-add each, then the lanes are folded in halves.
/// </summary>
internal static unsafe class QuantizedProduct
{
    /// <summary>Lanes that the blocks of a row are dealt to.</summary>
    public const int Lanes = 8;

    /// <summary>Computes a block of a product.</summary>
    public static void Multiply<TBlock>(in ProductTask task)
        where TBlock : struct, IQuantizedBlock
    {
        int blocks = task.Weights.Columns / QuantizedBlock.Length;
        for (int row = task.RowStart; row < task.RowEnd; row++)
        {
            for (int i = 0; i < task.Count; i++)
            {
                int token = task.Token(i);
                task.OutputRow(i)[row] = Dot<TBlock>(
                    task.WeightRow(row), task.Activations.Quantized(token), task.Activations.Scales(token), blocks);
            }
        }
    }

    private static float Dot<TBlock>(byte* weights, sbyte* x, float* scales, int blocks)
        where TBlock : struct, IQuantizedBlock
    {
        float* lanes = stackalloc float[Lanes];
        new Span<float>(lanes, Lanes).Clear();
        for (int b = 0; b < blocks; b++)
        {
            byte* block = weights + ((long)b * TBlock.Bytes);
            float scale = (float)*(Half*)block * scales[b];
            int sum = BlockSum<TBlock>(block, x + ((long)b * QuantizedBlock.Length));
            lanes[b % Lanes] = MathF.FusedMultiplyAdd(sum, scale, lanes[b % Lanes]);
        }
        return Lanes256.Sum(Vector256.Load(lanes));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static int BlockSum<TBlock>(byte* block, sbyte* x)
        where TBlock : struct, IQuantizedBlock
    {
        Vector256<sbyte> weights = TBlock.Load32(block);
        int sum = 0;
        for (int k = 0; k < QuantizedBlock.Length; k++)
        {
            sum += (weights[k] - TBlock.Offset) * x[k];
        }
        return sum;
    }
}
