using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>8 weight rows. AVX2, with the dot product instruction of AVX-VNNI where there is one.</summary>
internal readonly unsafe struct QuantizedLanes256 : IQuantizedLanes<Vector256<int>>
{
    public static int Count => 8;

    public static Vector256<int> Zero => Vector256<int>.Zero;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Load(int* pairs) => Vector256.Load(pairs);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Broadcast(int* pair) => Vector256.Create(*pair);

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyAddPairs(Vector256<int> weights, Vector256<int> x, Vector256<int> sum)
    {
        return AvxVnni.IsSupported
            ? AvxVnni.MultiplyWideningAndAdd(sum, weights.AsInt16(), x.AsInt16())
            : sum + Avx2.MultiplyAddAdjacent(weights.AsInt16(), x.AsInt16());
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> Add(Vector256<int> a, Vector256<int> b) => a + b;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Accumulate(Vector256<int> blockSums, float* weightScales, float scale, float* sums)
    {
        Vector256<float> factor = Vector256.Load(weightScales) * Vector256.Create(scale);
        Vector256.MultiplyAddEstimate(Vector256.ConvertToSingle(blockSums), factor, Vector256.Load(sums)).Store(sums);
    }
}
