using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q8_0: 32 elements in 34 bytes, a half-precision scale d followed by 32 signed bytes q; the value is d·q with
/// d = max |x| / 127 and q = x / d rounded to nearest (halves away from zero).
/// </summary>
internal sealed unsafe class Q8_0 : QuantizedFormat<Q8_0.Block>
{
    private const int Size = 34;

    public override string Name => "Q8_0";

    /// <summary>Reads and writes blocks.</summary>
    internal readonly struct Block : IQuantizedBlock, IRowReader
    {
        public static int Bytes => Size;

        public static int Offset => 0;

        public static int OffsetAvx2 => AvxVnni.IsSupported ? 128 : 0;

        public static void Quantize(float* values, byte* block) => *(Half*)block = QuantizedBlock.Quantize(values, (sbyte*)block + 2);

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
