using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Formats;

/// <summary>IEEE 754 half precision, little-endian: a block is one element of two bytes, rounded to nearest even.</summary>
internal sealed unsafe class F16 : DenseFormat<F16.Element>
{
    public override string Name => "F16";

    public override void Quantize(ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(source.Length, destination.Length);
        TensorPrimitives.ConvertToHalf(source, MemoryMarshal.Cast<byte, Half>(destination));
    }

    public override void Dequantize(ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLengths(destination.Length, source.Length);
        TensorPrimitives.ConvertToSingle(MemoryMarshal.Cast<byte, Half>(source), destination);
    }

    /// <summary>Reads halves.</summary>
    internal readonly struct Element : IDenseElement, IRowReader
    {
        public static int Bytes => sizeof(ushort);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Load<TLanes, TVector>(byte* row, long index)
            where TLanes : ILanes<TVector>
            where TVector : struct => TLanes.LoadHalf((ushort*)row + index);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load16(byte* row, int index) => Lanes512.LoadHalf((ushort*)row + index);

        public static float Load(byte* row, long index) => (float)((Half*)row)[index];
    }
}
