using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Formats;

/// <summary>
/// The upper 16 bits of an IEEE 754 single, little-endian, rounded to nearest even; NaN stays NaN. A block is one element of
/// two bytes.
/// </summary>
internal sealed unsafe class BF16 : DenseFormat<BF16.Element>
{
    public override string Name => "BF16";

    public override void Quantize(ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(source.Length, destination.Length);
        Span<ushort> target = MemoryMarshal.Cast<byte, ushort>(destination);
        int i = 0;
        for (; i <= source.Length - 32; i += 32)
        {
            Vector512<uint> lower = Round(Vector512.Create(source.Slice(i, 16)));
            Vector512<uint> upper = Round(Vector512.Create(source.Slice(i + 16, 16)));
            Vector512.Narrow(lower, upper).CopyTo(target[i..]);
        }
        for (; i < source.Length; i++)
        {
            target[i] = (ushort)Round(Vector512.Create(source[i]))[0];
        }
    }

    public override void Dequantize(ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLengths(destination.Length, source.Length);
        fixed (byte* row = source)
        {
            int i = 0;
            for (; i <= destination.Length - 16; i += 16)
            {
                Element.Load16(row, i).CopyTo(destination[i..]);
            }
            for (; i < destination.Length; i++)
            {
                destination[i] = Element.Load(row, i);
            }
        }
    }

    private static Vector512<uint> Round(Vector512<float> values)
    {
        Vector512<uint> bits = values.AsUInt32();
        Vector512<uint> odd = (bits >>> 16) & Vector512<uint>.One;
        Vector512<uint> rounded = (bits + odd + Vector512.Create(0x7FFFu)) >>> 16;
        Vector512<uint> quietNan = (bits >>> 16) | Vector512.Create(0x40u);
        return Vector512.ConditionalSelect(Vector512.Equals(values, values).AsUInt32(), rounded, quietNan);
    }

    /// <summary>Reads the upper halves of singles.</summary>
    internal readonly struct Element : IDenseElement, IRowReader
    {
        public static int Bytes => sizeof(ushort);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Load<TLanes, TVector>(byte* row, long index)
            where TLanes : ILanes<TVector>
            where TVector : struct => TLanes.LoadBrain((ushort*)row + index);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load16(byte* row, int index) => Lanes512.LoadBrain((ushort*)row + index);

        public static float Load(byte* row, long index) => BitConverter.UInt32BitsToSingle((uint)((ushort*)row)[index] << 16);
    }
}
