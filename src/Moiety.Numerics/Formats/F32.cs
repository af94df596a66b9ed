using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Formats;

/// <summary>IEEE 754 single precision, little-endian: a block is one element of four bytes.</summary>
internal sealed unsafe class F32 : DenseFormat<F32.Element>
{
    public override string Name => "F32";

    public override void Quantize(ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(source.Length, destination.Length);
        MemoryMarshal.AsBytes(source).CopyTo(destination);
    }

    public override void Dequantize(ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLengths(destination.Length, source.Length);
        source.CopyTo(MemoryMarshal.AsBytes(destination));
    }

    /// <summary>Reads singles.</summary>
    internal readonly struct Element : IDenseElement, IRowReader
    {
        public static int Bytes => sizeof(float);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Load<TLanes, TVector>(byte* row, long index)
            where TLanes : ILanes<TVector>
            where TVector : struct => TLanes.Load((float*)row + index);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load16(byte* row, int index) => Vector512.Load((float*)row + index);

        public static float Load(byte* row, long index) => ((float*)row)[index];
    }
}
