using System.Runtime.Intrinsics;

namespace Moiety.Training.Kernels;

/// <summary>How a kernel reads and writes elements of a tensor; it computes in F32 whatever they are.</summary>
/// <typeparam name="T">The type in memory.</typeparam>
internal interface IElement<T>
    where T : unmanaged
{
    /// <summary>Sixteen elements.</summary>
    static abstract Vector512<float> Load(ReadOnlySpan<T> source);

    /// <summary>Writes sixteen elements, rounded to nearest even.</summary>
    static abstract void Store(Vector512<float> value, Span<T> destination);

    /// <summary>One element.</summary>
    static abstract float ToSingle(T value);

    /// <summary>One element, rounded to nearest even.</summary>
    static abstract T FromSingle(float value);
}
