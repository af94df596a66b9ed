using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

namespace Moiety.Numerics.Formats;

/// <summary>IEEE 754 half precision, little-endian: a block is one element of two bytes, rounded to nearest even.</summary>
internal sealed unsafe class F16 : StorageFormat
{
    public override string Name => "F16";

    public override int BlockLength => 1;

    public override int BlockBytes => sizeof(ushort);

    public override ActivationForms Activations => ActivationForms.Single;

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

    internal override void Multiply(in ProductTask task) => DenseProduct.Multiply<Element>(task);

    internal override void Scores(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores) =>
        AttentionKernels.Scores<Element>(query, rows, stride, count, dimension, scale, scores);

    internal override void AccumulateRows(float* weights, byte* rows, long stride, int count, int dimension, float* output) =>
        AttentionKernels.Accumulate<Element>(weights, rows, stride, count, dimension, output);

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
