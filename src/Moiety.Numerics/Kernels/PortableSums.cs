using System.Runtime.Intrinsics;

namespace Moiety.Numerics.Kernels;

/// <summary>Sums in <see cref="Vector128"/> code that is right on every processor.</summary>
/// <typeparam name="TGroups">Reads the weights.</typeparam>
internal readonly unsafe struct PortableSums<TGroups> : IGroupSums
    where TGroups : struct, IQuantizedGroups
{
    public static bool IsWide => false;

    public static int Offset => 0;

    public static void Eight(byte* blocks, sbyte* x, out Vector256<int> first, out Vector256<int> second)
    {
        int* sums = stackalloc int[2 * QuantizedProduct.Lanes];
        for (int l = 0; l < QuantizedProduct.Lanes; l++)
        {
            Vector256<sbyte> weights = TGroups.Load32(blocks, l);
            sums[l] = Sum(weights.GetLower(), Vector128.Load(x + (l * QuantizedBlock.Length)));
            sums[QuantizedProduct.Lanes + l] = Sum(weights.GetUpper(), Vector128.Load(x + (l * QuantizedBlock.Length) + 16));
        }
        first = Vector256.Load(sums);
        second = Vector256.Load(sums + QuantizedProduct.Lanes);
    }

    public static void Sixteen(byte* blocks, sbyte* x, out Vector512<int> first, out Vector512<int> second) =>
        throw new NotSupportedException("These sums are of eight groups.");

    private static int Sum(Vector128<sbyte> weights, Vector128<sbyte> x)
    {
        // |u·x| ≤ 128·127 fits a word.
        (Vector128<short> lowWeights, Vector128<short> highWeights) = Vector128.Widen(weights);
        (Vector128<short> lowX, Vector128<short> highX) = Vector128.Widen(x);
        (Vector128<int> a, Vector128<int> b) = Vector128.Widen(lowWeights * lowX);
        (Vector128<int> c, Vector128<int> d) = Vector128.Widen(highWeights * highX);
        return Vector128.Sum(a + b + c + d);
    }
}
