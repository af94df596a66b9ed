using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Formats;

/// <summary>
/// ggml's Q4_0: 32 elements in 18 bytes, a half-precision scale d followed by 16 bytes; the low nibble of byte i is element i,
/// the high nibble element i + 16. The value is d·(nibble − 8), with d = m / −8 where m is the element of largest magnitude,
/// with its sign.
/// </summary>
internal sealed unsafe class Q4_0 : QuantizedFormat<Q4_0.Block>
{
    private const int Size = 18;

    public override string Name => "Q4_0";

    /// <summary>Reads and writes blocks.</summary>
    internal readonly struct Block : IQuantizedBlock, IRowReader
    {
        public static int Bytes => Size;

        public static int Offset => 8;

        public static int OffsetAvx2 => 8;

        public static void Quantize(float* values, byte* block)
        {
            float magnitude = 0;
            float largest = 0;
            for (int i = 0; i < Length; i++)
            {
                if (MathF.Abs(values[i]) > magnitude)
                {
                    magnitude = MathF.Abs(values[i]);
                    largest = values[i];
                }
            }
            float scale = largest / -8;
            float inverse = scale != 0 ? 1 / scale : 0;
            *(Half*)block = (Half)scale;
            for (int i = 0; i < Length / 2; i++)
            {
                int low = Math.Clamp((int)((values[i] * inverse) + 8.5f), 0, 15);
                int high = Math.Clamp((int)((values[i + 16] * inverse) + 8.5f), 0, 15);
                block[2 + i] = (byte)(low | (high << 4));
            }
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<sbyte> Load32(byte* block)
        {
            Vector128<byte> packed = Vector128.Load(block + 2);
            return Vector256.Create(packed & Vector128.Create((byte)15), packed >>> 4).AsSByte();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<int> ProductAvx2(byte* block, sbyte* x)
        {
            // The 16 bytes in both halves, the upper half moved down by a nibble.
            Vector256<ulong> packed = Avx2.BroadcastVector128ToVector256((ulong*)(block + 2));
            Vector256<byte> nibbles = Avx2.ShiftRightLogicalVariable(packed, Vector256.Create(0ul, 0, 4, 4)).AsByte();
            return QuantizedBlock.ProductAvx2(nibbles & Vector256.Create((byte)15), Vector256.Load(x));
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load16(byte* row, int index)
        {
            byte* block = row + ((long)(index / Length) * Size);
            float scale = (float)*(Half*)block;
            Vector128<byte> packed = Vector128.Load(block + 2);
            Vector128<byte> nibbles = index % Length == 0 ? packed & Vector128.Create((byte)15) : packed >>> 4;
            return Vector512.Create(scale) * QuantizedBlock.ToSingle(nibbles.AsSByte() - Vector128.Create((sbyte)8));
        }

        public static float Load(byte* row, long index)
        {
            byte* block = row + (index / Length * Size);
            int packed = block[2 + (index % 16)];
            int nibble = index % Length < 16 ? packed & 15 : packed >> 4;
            return (float)*(Half*)block * (nibble - 8);
        }
    }
}
