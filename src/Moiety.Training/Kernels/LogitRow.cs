using System.Runtime.Intrinsics;

namespace Moiety.Training.Kernels;

/// <summary>A row of logits as singles in whole vectors, and back.</summary>
internal static class LogitRow
{
    /// <summary>Singles of a vector.</summary>
    internal const int Lanes = 16;

    /// <summary>A length rounded up to whole vectors.</summary>
    internal static int PaddedLength(int length) => (length + Lanes - 1) / Lanes * Lanes;

    /// <summary>The elements as singles, filled up to whole vectors with what has probability 0.</summary>
    /// <returns>The largest.</returns>
    internal static float Widen<T, TElement>(ReadOnlySpan<T> source, Span<float> destination)
        where T : unmanaged
        where TElement : IElement<T>
    {
        Vector512<float> largest = Vector512.Create(float.NegativeInfinity);
        int i = 0;
        for (; i <= source.Length - Lanes; i += Lanes)
        {
            Vector512<float> value = TElement.Load(source[i..]);
            value.CopyTo(destination[i..]);
            largest = Vector512.Max(largest, value);
        }

        float max = float.NegativeInfinity;
        for (; i < source.Length; i++)
        {
            destination[i] = TElement.ToSingle(source[i]);
            max = MathF.Max(max, destination[i]);
        }

        destination[i..].Fill(float.NegativeInfinity);
        for (int lane = 0; lane < Lanes; lane++)
        {
            max = MathF.Max(max, largest[lane]);
        }

        return max;
    }

    /// <summary>The singles in the type of the elements; what fills them up is left out.</summary>
    internal static void Narrow<T, TElement>(ReadOnlySpan<float> source, Span<T> destination)
        where T : unmanaged
        where TElement : IElement<T>
    {
        int i = 0;
        for (; i <= destination.Length - Lanes; i += Lanes)
        {
            TElement.Store(Vector512.Create(source[i..]), destination[i..]);
        }

        for (; i < destination.Length; i++)
        {
            destination[i] = TElement.FromSingle(source[i]);
        }
    }
}
