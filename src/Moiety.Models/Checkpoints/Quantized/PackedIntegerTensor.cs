using System.Buffers;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>
/// A matrix of GPTQ (Frantar et al., arXiv 2210.17323) or AWQ (Lin et al., arXiv 2306.00978): integers q with a scale s and a zero z
/// for each output row and group of columns, w = s · (q − z).
/// <para>
/// With scales of half precision and groups of whole blocks this is exactly a block format: z = 8 throughout, as GPTQ without zeros
/// has it, is Q4_0 (4.5 bits per weight); any z makes q − z fit five bits, so that is Q5_0 (5.5 bits); z = 128 of eight bits is Q8_0.
/// Where columns are grouped out of order, or scales are no half precision, the products are rounded to the type of the scales, as
/// the published implementations do (16 bits per weight).
/// </para>
/// </summary>
internal abstract unsafe class PackedIntegerTensor : DerivedTensor
{
    // Words of the packed tensors hold eight rows or columns; a tile of rows reads whole cache lines of them.
    private const int TileRows = 16;
    private const int BlockLength = 32;
    /// <summary>Joins the parts of a matrix.</summary>
    protected PackedIntegerTensor(PackedIntegerParts parts)
        : base(parts.Weights, parts.Name, ElementType.Of(FormatOf(parts)), [parts.Rows, parts.Columns]) => Parts = parts;

    /// <summary>The tensors that the matrix is made of.</summary>
    protected PackedIntegerParts Parts { get; }

    /// <summary>The largest integer: 15 or 255.</summary>
    protected int Largest => (1 << Parts.Bits) - 1;

    /// <summary>Writes q of some rows.</summary>
    /// <param name="weights">The packed integers.</param>
    /// <param name="first">The first row, a multiple of 8.</param>
    /// <param name="rows">Number of rows, a multiple of 8.</param>
    /// <param name="values">[rows, columns].</param>
    protected abstract void Unpack(int* weights, int first, int rows, short* values);

    /// <summary>The zero of a row in a group.</summary>
    /// <param name="zeros">The packed zeros.</param>
    /// <param name="group">The group.</param>
    /// <param name="row">The row.</param>
    protected abstract int Zero(int* zeros, int group, int row);

    /// <inheritdoc/>
    protected override void ReadRows(long first, long count, byte* target)
    {
        using TensorBytes weights = new(Parts.Weights);
        using TensorBytes zeros = new(Parts.Zeros);
        using TensorBytes scales = new(Parts.Scales);
        Pointers pointers = new((int*)weights.Pointer, (int*)zeros.Pointer, scales.Pointer);
        CheckZeros(pointers, (int)first, (int)(first + count));
        int start = (int)first / TileRows;
        int end = (int)((first + count + TileRows - 1) / TileRows);
        Parallel.For(start, end, tile => ReadTile(pointers, tile * TileRows, (int)first, (int)(first + count), target));
    }

    private void CheckZeros(Pointers pointers, int first, int end)
    {
        int middle = (Largest + 1) / 2;
        for (int group = 0; group < Parts.GroupCount && Parts.IsSymmetric; group++)
        {
            for (int row = first; row < end; row++)
            {
                if (Zero(pointers.Zeros, group, row) is var zero && zero != middle)
                {
                    throw new InvalidCheckpointException(Path, $"tensor \"{Parts.Zeros.Name}\"",
                        $"the zero of row {row}, group {group} is {zero}, but the configuration says sym, which means {middle}");
                }
            }
        }
    }

    private void ReadTile(Pointers pointers, int tile, int first, int end, byte* target)
    {
        int rows = Math.Min(TileRows, Parts.Rows - tile);
        short[] integers = ArrayPool<short>.Shared.Rent(rows * Parts.Columns);
        try
        {
            fixed (short* values = integers)
            {
                Unpack(pointers.Weights, tile, rows, values);
                long rowBytes = Format.RowBytes(Parts.Columns);
                for (int row = Math.Max(tile, first); row < Math.Min(tile + rows, end); row++)
                {
                    short* own = values + ((long)(row - tile) * Parts.Columns);
                    Center(pointers, row, own);
                    byte* output = target + ((row - first) * rowBytes);
                    if (Format.BlockLength == 1)
                    {
                        Round(pointers, row, own, new Span<byte>(output, (int)rowBytes));
                    }
                    else
                    {
                        Pack(pointers, row, own, output);
                    }
                }
            }
        }
        finally
        {
            ArrayPool<short>.Shared.Return(integers);
        }
    }

    // q becomes q - z.
    private void Center(Pointers pointers, int row, short* values)
    {
        int zeroOfGroup = -1;
        int zero = 0;
        for (int column = 0; column < Parts.Columns; column++)
        {
            int group = Parts.GroupOf(column);
            if (group != zeroOfGroup)
            {
                (zeroOfGroup, zero) = (group, Zero(pointers.Zeros, group, row));
            }

            values[column] = (short)(values[column] - zero);
        }
    }

    private void Round(Pointers pointers, int row, short* values, Span<byte> output)
    {
        float[] products = ArrayPool<float>.Shared.Rent(Parts.Columns);
        try
        {
            Span<float> scale = stackalloc float[1];
            int elementBytes = Parts.Scales.Format.BlockBytes;
            int scaleOfGroup = -1;
            for (int column = 0; column < Parts.Columns; column++)
            {
                int group = Parts.GroupOf(column);
                if (group != scaleOfGroup)
                {
                    scaleOfGroup = group;
                    Parts.Scales.Format.Dequantize(new ReadOnlySpan<byte>(pointers.Scales + (((long)group * Parts.Rows) + row) * elementBytes, elementBytes), scale);
                }

                products[column] = scale[0] * values[column];
            }

            Format.Quantize(products.AsSpan(0, Parts.Columns), output);
        }
        finally
        {
            ArrayPool<float>.Shared.Return(products);
        }
    }

    private void Pack(Pointers pointers, int row, short* values, byte* output)
    {
        int blockBytes = Format.BlockBytes;
        for (int column = 0; column < Parts.Columns; column += BlockLength, output += blockBytes, values += BlockLength)
        {
            *(ushort*)output = ((ushort*)pointers.Scales)[((long)Parts.GroupOf(column) * Parts.Rows) + row];
            if (Format == StorageFormats.Q8_0)
            {
                for (int i = 0; i < BlockLength; i++)
                {
                    output[2 + i] = (byte)(sbyte)values[i];
                }
            }
            else if (Format == StorageFormats.Q4_0)
            {
                PackNibbles(values, 8, output + 2);
            }
            else
            {
                uint fifth = 0;
                for (int i = 0; i < BlockLength; i++)
                {
                    fifth |= (uint)((values[i] + 16) >> 4) << i;
                }

                *(uint*)(output + 2) = fifth;
                PackNibbles(values, 16, output + 6);
            }
        }
    }

    private static void PackNibbles(short* values, int center, byte* output)
    {
        const int Half = BlockLength / 2;
        for (int i = 0; i < Half; i++)
        {
            output[i] = (byte)(((values[i] + center) & 15) | (((values[i + Half] + center) & 15) << 4));
        }
    }

    private static StorageFormat FormatOf(PackedIntegerParts parts)
    {
        StorageFormat scales = parts.Scales.Format;
        bool blocks = scales == StorageFormats.F16 && parts.HasWholeBlocks(BlockLength);
        return (blocks, parts.Bits, parts.IsSymmetric) switch
        {
            (true, 4, true) => StorageFormats.Q4_0,
            (true, 4, false) => StorageFormats.Q5_0,
            (true, 8, true) => StorageFormats.Q8_0,
            _ => scales,
        };
    }

    private readonly record struct Pointers(nint WeightsAddress, nint ZerosAddress, nint ScalesAddress)
    {
        public Pointers(int* weights, int* zeros, byte* scales)
            : this((nint)weights, (nint)zeros, (nint)scales)
        {
        }

        public int* Weights => (int*)WeightsAddress;

        public int* Zeros => (int*)ZerosAddress;

        public byte* Scales => (byte*)ScalesAddress;
    }
}
