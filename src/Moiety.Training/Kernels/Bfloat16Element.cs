using System.Runtime.Intrinsics;

namespace Moiety.Training.Kernels;

/// <summary>bfloat16: the upper half of a single.</summary>
internal readonly struct Bfloat16Element : IElement<ushort>
{
    /// <inheritdoc/>
    public static Vector512<float> Load(ReadOnlySpan<ushort> source)
    {
        (Vector256<uint> low, Vector256<uint> high) = Vector256.Widen(Vector256.Create(source));
        return (Vector512.Create(low, high) << 16).AsSingle();
    }

    /// <inheritdoc/>
    public static void Store(Vector512<float> value, Span<ushort> destination)
    {
        Vector512<uint> bits = value.AsUInt32();
        Vector512<uint> rounded = (bits + Vector512.Create(0x7fffu) + ((bits >>> 16) & Vector512<uint>.One)) >>> 16;
        Vector256.Narrow(rounded.GetLower(), rounded.GetUpper()).CopyTo(destination);
    }

    /// <inheritdoc/>
    public static float ToSingle(ushort value) => BitConverter.UInt32BitsToSingle((uint)value << 16);

    /// <inheritdoc/>
    public static ushort FromSingle(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7fffu + ((bits >> 16) & 1)) >> 16);
    }
}
