using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Formats;

/// <summary>
/// The 8-bit float E4M3 of Micikevicius et al., "FP8 formats for deep learning" (arXiv 2209.05433), Hugging Face's F8_E4M3 and
/// PyTorch's float8_e4m3fn: sign, four bits of exponent with bias 7, three of fraction, subnormals, no infinity, NaN where all
/// other bits are ones; the largest value is 448. A block is one element of one byte. Rows are never
/// quantized to it: without scales beside them too little of a weight would be left (<see cref="ScaledFloat8"/> reads and writes those).
/// </summary>
internal sealed unsafe class F8_E4M3 : DenseFormat<F8_E4M3.Element>
{
    public override string Name => "F8_E4M3";

    public override bool CanQuantize => false;

    public override void Quantize(ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(source.Length, destination.Length);
        throw new NotSupportedException($"{Name} is read only: without scales beside it too little of a weight would be left.");
    }

    /// <summary>The nearest element, of two equally near ones the even one; beyond the largest, the largest; NaN stays NaN.</summary>
    internal static byte Round(float value)
    {
        const float SmallestNormal = 1f / 64;
        const float SubnormalSteps = 512;
        const int DroppedBits = 20;
        const uint ExponentDifference = (127 - 7) << 3;
        uint sign = (BitConverter.SingleToUInt32Bits(value) >> 24) & 0x80;
        float magnitude = MathF.Abs(value);
        if (float.IsNaN(magnitude))
        {
            return (byte)(sign | 0x7F);
        }
        if (magnitude < SmallestNormal)
        {
            // The result may be 8 steps, which are the bits of the smallest normal.
            return (byte)(sign | (uint)MathF.Round(magnitude * SubnormalSteps, MidpointRounding.ToEven));
        }
        uint bits = BitConverter.SingleToUInt32Bits(MathF.Min(magnitude, ScaledFloat8.LargestElement));
        bits += (1u << (DroppedBits - 1)) - 1 + ((bits >> DroppedBits) & 1);
        return (byte)(sign | ((bits >> DroppedBits) - ExponentDifference));
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

    /// <summary>Reads elements.</summary>
    internal readonly struct Element : IDenseElement, IRowReader
    {
        public static int Bytes => 1;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static TVector Load<TLanes, TVector>(byte* row, long index)
            where TLanes : ILanes<TVector>
            where TVector : struct => TLanes.LoadFloat8(row + index);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load16(byte* row, int index) => Lanes512.LoadFloat8(row + index);

        public static float Load(byte* row, long index) => Lanes128.Float8ToSingle(Vector128.Create((uint)row[index]))[0];
    }
}
