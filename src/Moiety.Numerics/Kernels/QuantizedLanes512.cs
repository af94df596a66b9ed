using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>16 weight rows. AVX-512.</summary>
internal readonly unsafe struct QuantizedLanes512 : IQuantizedLanes<Vector512<int>>
{
    public static int Count => 16;

    public static Vector512<int> Zero => Vector512<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Load(int* pairs) => Vector512.Load(pairs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Broadcast(int* pair) => Vector512.Create(*pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> MultiplyAddPairs(Vector512<int> weights, Vector512<int> x, Vector512<int> sum)
    {
        return sum + Avx512BW.MultiplyAddAdjacent(weights.AsInt16(), x.AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<int> Add(Vector512<int> a, Vector512<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(Vector512<int> blockSums, float* weightScales, float scale, float* sums)
    {
        Vector512<float> factor = Vector512.Load(weightScales) * Vector512.Create(scale);
        Vector512.MultiplyAddEstimate(Vector512.ConvertToSingle(blockSums), factor, Vector512.Load(sums)).Store(sums);
    }
}
