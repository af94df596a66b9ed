using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Attention of one query over encoded rows: the loops behind <see cref="Attention"/>, compiled for each format.</summary>
/// <remarks>
/// Four sums run side by side, since the next multiply-add of one waits for the last. Each is added up in the order in which it would
/// be alone.
/// </remarks>
internal static unsafe class AttentionKernels
{
    /// <summary>scores[i] = scale · query · row i.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Scores<TReader>(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores)
        where TReader : struct, IRowReader
    {
        int i = 0;
        for (; i <= count - 4; i += 4)
        {
            FourDots<TReader>(query, rows + (i * stride), stride, dimension, scale, scores + i);
        }
        for (; i < count; i++)
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
        for (; d <= dimension - 64; d += 64)
        {
            AccumulateFour<TReader>(weights, rows, stride, count, d, output + d);
        }
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
    private static void FourDots<TReader>(float* query, byte* row, long stride, int dimension, float scale, float* scores)
        where TReader : struct, IRowReader
    {
        Vector512<float> sum0 = Vector512<float>.Zero;
        Vector512<float> sum1 = Vector512<float>.Zero;
        Vector512<float> sum2 = Vector512<float>.Zero;
        Vector512<float> sum3 = Vector512<float>.Zero;
        int d = 0;
        for (; d <= dimension - 16; d += 16)
        {
            Vector512<float> part = Vector512.Load(query + d);
            sum0 = Vector512.MultiplyAddEstimate(part, TReader.Load16(row, d), sum0);
            sum1 = Vector512.MultiplyAddEstimate(part, TReader.Load16(row + stride, d), sum1);
            sum2 = Vector512.MultiplyAddEstimate(part, TReader.Load16(row + (2 * stride), d), sum2);
            sum3 = Vector512.MultiplyAddEstimate(part, TReader.Load16(row + (3 * stride), d), sum3);
        }
        Vector128<float> totals = Lanes512.SumEach(sum0, sum1, sum2, sum3);
        if (d == dimension)
        {
            (Vector128.Create(scale) * totals).Store(scores);
            return;
        }
        for (int i = 0; i < 4; i++, row += stride)
        {
            scores[i] = scale * AddTail<TReader>(totals[i], query, row, d, dimension);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void AccumulateFour<TReader>(float* weights, byte* row, long stride, int count, int d, float* output)
        where TReader : struct, IRowReader
    {
        Vector512<float> sum0 = Vector512.Load(output);
        Vector512<float> sum1 = Vector512.Load(output + 16);
        Vector512<float> sum2 = Vector512.Load(output + 32);
        Vector512<float> sum3 = Vector512.Load(output + 48);
        for (int i = 0; i < count; i++, row += stride)
        {
            Vector512<float> weight = Vector512.Create(weights[i]);
            sum0 = Vector512.MultiplyAddEstimate(weight, TReader.Load16(row, d), sum0);
            sum1 = Vector512.MultiplyAddEstimate(weight, TReader.Load16(row, d + 16), sum1);
            sum2 = Vector512.MultiplyAddEstimate(weight, TReader.Load16(row, d + 32), sum2);
            sum3 = Vector512.MultiplyAddEstimate(weight, TReader.Load16(row, d + 48), sum3);
        }
        sum0.Store(output);
        sum1.Store(output + 16);
        sum2.Store(output + 32);
        sum3.Store(output + 48);
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
        return AddTail<TReader>(Lanes512.Sum(sum), query, row, d, dimension);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static float AddTail<TReader>(float total, float* query, byte* row, int d, int dimension)
        where TReader : struct, IRowReader
    {
        for (; d < dimension; d++)
        {
            total = float.MultiplyAddEstimate(query[d], TReader.Load(row, d), total);
        }
        return total;
    }
}
