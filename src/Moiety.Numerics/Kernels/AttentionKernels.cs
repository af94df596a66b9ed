using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Attention of one query over encoded rows: the loops behind <see cref="Attention"/>, compiled for each format.</summary>
internal static unsafe class AttentionKernels
{
    /// <summary>scores[i] = scale · query · row i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores<TReader>(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores)
        where TReader : struct, IRowReader
    {
        for (int i = 0; i < count; i++)
        {
            scores[i] = scale * Dot<TReader>(query, rows + (i * stride), dimension);
        }
    }

    /// <summary>output += Σ weights[i] · row i, one multiply-add per element and row, in the order of i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Accumulate<TReader>(float* weights, byte* rows, long stride, int count, int dimension, float* output)
        where TReader : struct, IRowReader
    {
        int d = 0;
        for (; d <= dimension - 16; d += 16)
        {
            Vector512<float> sum = Vector512.Load(output + d);
            byte* row = rows;
            for (int i = 0; i < count; i++, row += stride)
            {
                sum = Vector512.MultiplyAddEstimate(Vector512.Create(weights[i]), TReader.Load16(row, d), sum);
            }
            sum.Store(output + d);
        }
        for (; d < dimension; d++)
        {
            float sum = output[d];
            byte* row = rows;
            for (int i = 0; i < count; i++, row += stride)
            {
                sum = float.MultiplyAddEstimate(weights[i], TReader.Load(row, d), sum);
            }
            output[d] = sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float Dot<TReader>(float* query, byte* row, int dimension)
        where TReader : struct, IRowReader
    {
        Vector512<float> sum = Vector512<float>.Zero;
        int d = 0;
        for (; d <= dimension - 16; d += 16)
        {
            sum = Vector512.MultiplyAddEstimate(Vector512.Load(query + d), TReader.Load16(row, d), sum);
        }
        float total = Lanes512.Sum(sum);
        for (; d < dimension; d++)
        {
            total = float.MultiplyAddEstimate(query[d], TReader.Load(row, d), total);
        }
        return total;
    }
}
