using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q8_0: 32 elements in 34 bytes, a half-precision scale d followed by 32 signed bytes q; the value is d·q with
/// d = max |x| / 127 and q = x / d rounded to nearest (halves away from zero).
/// </summary>
internal sealed unsafe class Q8_0 : StorageFormat
{
    private const int Length = 32;
    private const int Size = 34;

    public override string Name => "Q8_0";

    public override int BlockLength => Length;

    public override int BlockBytes => Size;

    public override ActivationForms Activations => ActivationForms.Quantized8;

    public override void Quantize(ReadOnlySpan<float> source, Span<byte> destination)
    {
        CheckLengths(source.Length, destination.Length);
        fixed (float* values = source)
        fixed (byte* blocks = destination)
        {
            for (int b = 0; b < source.Length / Length; b++)
            {
                *(Half*)(blocks + (b * Size)) = QuantizedBlock.Quantize(values + (b * Length), (sbyte*)blocks + (b * Size) + 2);
            }
        }
    }

    public override void Dequantize(ReadOnlySpan<byte> source, Span<float> destination)
    {
        CheckLengths(destination.Length, source.Length);
        fixed (byte* row = source)
        {
            for (int i = 0; i < destination.Length; i += 16)
            {
                Block.Load16(row, i).CopyTo(destination[i..]);
            }
        }
    }

    internal override void Multiply(in ProductTask task) => QuantizedProduct.Multiply<Block>(task);

    internal override void Scores(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores) =>
        AttentionKernels.Scores<Block>(query, rows, stride, count, dimension, scale, scores);

    internal override void AccumulateRows(float* weights, byte* rows, long stride, int count, int dimension, float* output) =>
        AttentionKernels.Accumulate<Block>(weights, rows, stride, count, dimension, output);

    /// <summary>Reads blocks.</summary>
    internal readonly struct Block : IQuantizedBlock, IRowReader
    {
        public static int Bytes => Size;

        public static int Offset => 0;

        public static int OffsetAvx2 => AvxVnni.IsSupported ? 128 : 0;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<sbyte> Load32(byte* block) => Vector256.Load((sbyte*)block + 2);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, sbyte* x)
        {
            Vector256<sbyte> weights = Vector256.Load((sbyte*)block + 2);
            if (AvxVnni.IsSupported)
            {
                // One side must be unsigned, and sums do not saturate: q + 128.
                return QuantizedBlock.ProductAvx2(weights.AsByte() ^ Vector256.Create((byte)128), Vector256.Load(x));
            }

            // Sums of two products must fit 16 bits: |q|, and x with the sign of q.
            return QuantizedBlock.ProductAvx2(Avx2.Abs(weights), Avx2.Sign(Vector256.Load(x), weights));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load16(byte* row, int index)
        {
            byte* block = row + ((long)(index / Length) * Size);
            float scale = (float)*(Half*)block;
            return Vector512.Create(scale) * QuantizedBlock.ToSingle(Vector128.Load((sbyte*)block + 2 + (index % Length)));
        }

        public static float Load(byte* row, long index)
        {
            byte* block = row + (index / Length * Size);
            return (float)*(Half*)block * ((sbyte*)block)[2 + (index % Length)];
        }
    }
}
