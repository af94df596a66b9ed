using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>4 weight rows. Portable: SSE, AdvSimd or plain code.</summary>
internal readonly unsafe struct QuantizedLanes128 : IQuantizedLanes<Vector128<int>>
{
    public static int Count => 4;

    public static Vector128<int> Zero => Vector128<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Load(int* pairs) => Vector128.Load(pairs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Broadcast(int* pair) => Vector128.Create(*pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> MultiplyAddPairs(Vector128<int> weights, Vector128<int> x, Vector128<int> sum)
    {
        // Even and odd words as 32-bit integers.
        Vector128<int> even = ((weights << 16) >> 16) * ((x << 16) >> 16);
        return sum + even + ((weights >> 16) * (x >> 16));
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<int> Add(Vector128<int> a, Vector128<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(Vector128<int> blockSums, float* weightScales, float scale, float* sums)
    {
        Vector128<float> factor = Vector128.Load(weightScales) * Vector128.Create(scale);
        Vector128.MultiplyAddEstimate(Vector128.ConvertToSingle(blockSums), factor, Vector128.Load(sums)).Store(sums);
    }
}
