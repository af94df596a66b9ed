using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

namespace Moiety.Numerics.Formats;

/// <summary>IEEE 754 single precision, little-endian: a block is one element of four bytes.</summary>
internal sealed unsafe class F32 : StorageFormat
{
    public override string Name => "F32";

    public override int BlockLength => 1;

    public override int BlockBytes => sizeof(float);

    public override ActivationForms Activations => ActivationForms.Single;

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

    internal override void Multiply(in ProductTask task) => DenseProduct.Multiply<Element>(task);

    internal override void Scores(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores) =>
        AttentionKernels.Scores<Element>(query, rows, stride, count, dimension, scale, scores);

    internal override void AccumulateRows(float* weights, byte* rows, long stride, int count, int dimension, float* output) =>
        AttentionKernels.Accumulate<Element>(weights, rows, stride, count, dimension, output);

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
