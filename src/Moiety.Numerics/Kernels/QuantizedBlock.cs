using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace Moiety.Numerics.Kernels;

/// <summary>What weights and activations in blocks of 32 signed bytes share: rounding to the grid and widening.</summary>
internal static unsafe class QuantizedBlock
{
    /// <summary>Elements of a block.</summary>
    public const int Length = 32;

    /// <summary>What the integers of <see cref="SignedProductAvx2"/> exceed the weights by.</summary>
    public static int SignedOffset => AvxVnni.IsSupported ? 128 : 0;

    /// <summary>
    /// Rounds 32 values to q = x / d, d = max |x| / 127, halves away from zero (ggml's reference quantizer), and returns d
    /// rounded to half precision. The integers are taken with the unrounded d, as ggml does.
    /// </summary>
    public static Half Quantize(float* values, sbyte* quantized)
    {
        Vector512<float> low = Vector512.Load(values);
        Vector512<float> high = Vector512.Load(values + 16);
        Vector512<float> larger = Vector512.Max(Vector512.Abs(low), Vector512.Abs(high));
        Vector256<float> eight = Vector256.Max(larger.GetLower(), larger.GetUpper());
        Vector128<float> four = Vector128.Max(eight.GetLower(), eight.GetUpper());
        Vector128<float> two = Vector128.Max(four, Vector128.Shuffle(four, Vector128.Create(2, 3, 0, 1)));
        float magnitude = MathF.Max(two[0], two[1]);
        float scale = magnitude / 127;
        Vector512<float> inverse = Vector512.Create(scale != 0 ? 1 / scale : 0);
        Vector512<int> first = Round(low * inverse);
        Vector512<int> second = Round(high * inverse);
        Vector512<short> words = Vector512.Narrow(first, second);
        Vector256.Narrow(words.GetLower(), words.GetUpper()).Store(quantized);
        return (Half)scale;
    }

    /// <summary>Widens sixteen signed bytes.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector512<float> ToSingle(Vector128<sbyte> values)
    {
        if (Avx512F.IsSupported)
        {
            return Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(values));
        }
        Vector256<short> words = Vector256.Create(Vector128.WidenLower(values), Vector128.WidenUpper(values));
        return Vector512.ConvertToSingle(Vector512.Create(Vector256.WidenLower(words), Vector256.WidenUpper(words)));
    }

    /// <summary>
    /// Eight sums of four products u·x each. Exact with AVX-VNNI; with AVX2 alone for u ≤ 128 and |x| ≤ 127, where two products
    /// stay below 2^15.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> ProductAvx2(Vector256<byte> u, Vector256<sbyte> x) => AvxVnni.IsSupported
        ? AvxVnni.MultiplyWideningAndAdd(Vector256<int>.Zero, u, x)
        : Avx2.MultiplyAddAdjacent(Avx2.MultiplyAddAdjacent(u, x), Vector256<short>.One);

    /// <summary>
    /// Eight sums of four products w·x each, for signed weights: exact with AVX-VNNI, which takes w + 128 (the
    /// <see cref="SignedOffset"/>); with AVX2 alone for |x| ≤ 127, where |w| is multiplied with x that takes over the sign of w.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> SignedProductAvx2(Vector256<sbyte> w, Vector256<sbyte> x) => AvxVnni.IsSupported
        ? ProductAvx2(w.AsByte() ^ Vector256.Create((byte)128), x)
        : ProductAvx2(Avx2.Abs(w), Avx2.Sign(x, w));

    /// <summary>The entries of a table of 16 signed bytes at indices below 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector128<sbyte> Lookup(Vector128<sbyte> table, Vector128<byte> indices) =>
        Vector128.ShuffleNative(table, indices.AsSByte());

    /// <summary>Products of pairs of words, added: a[0]·b[0] + a[1]·b[1] in every lane.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static Vector256<int> MultiplyPairs(Vector256<int> a, Vector256<int> b) => Avx2.IsSupported
        ? Avx2.MultiplyAddAdjacent(a.AsInt16(), b.AsInt16())
        : (((a << 16) >> 16) * ((b << 16) >> 16)) + ((a >> 16) * (b >> 16));

    /// <summary>
    /// Widens 32 signed bytes to pairs of words as the tiles read them: bytes 4q and 4q + 2 are pair q of
    /// <paramref name="even"/>, bytes 4q + 1 and 4q + 3 pair q of <paramref name="odd"/>.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static void Widen(Vector256<sbyte> values, out Vector256<int> even, out Vector256<int> odd)
    {
        Vector256<short> words = values.AsInt16();
        even = ((words << 8) >> 8).AsInt32();
        odd = (words >> 8).AsInt32();
    }

    /// <summary>
    /// Rounds to the nearest integer, halves away from zero. The largest single below 1/2, not 1/2, is added: 0.49999997 would
    /// otherwise become 1.
    /// </summary>
    private static Vector512<int> Round(Vector512<float> values)
    {
        Vector512<float> half = Vector512.Create(0.49999997f) | (values & Vector512.Create(-0f));
        return Vector512.ConvertToInt32(values + half);
    }
}
