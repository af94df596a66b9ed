using System.Runtime.Intrinsics;

namespace Moiety.Training.Kernels;

/// <summary>IEEE single precision.</summary>
internal readonly struct Float32Element : IElement<float>
{
    /// <inheritdoc/>
    public static Vector512<float> Load(ReadOnlySpan<float> source) => Vector512.Create(source);

    /// <inheritdoc/>
    public static void Store(Vector512<float> value, Span<float> destination) => value.CopyTo(destination);

    /// <inheritdoc/>
    public static float ToSingle(float value) => value;

    /// <inheritdoc/>
    public static float FromSingle(float value) => value;
}
