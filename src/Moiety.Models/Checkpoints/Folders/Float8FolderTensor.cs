using System.Collections.Immutable;
using System.Runtime.InteropServices;
using Moiety.Models.Checkpoints.Quantized;
using Moiety.Numerics;
using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Folders;

/// <summary>
/// A matrix of F8_E4M3 as DeepSeek-V3 publishes it: <c>weight</c>, and in <c>weight_scale_inv</c> what each block of 128 × 128 is
/// multiplied by, its largest magnitude over 448. The scales come first in the file, so the weights are read twice.
/// </summary>
internal sealed class Float8FolderTensor : FolderTensor
{
    /// <summary>Rows and columns that share a scale.</summary>
    public const int Block = 128;

    private readonly int _rows;
    private readonly int _columns;
    private readonly int _scaleColumns;
    private float[] _scales = [];

    /// <summary>Declares the parts.</summary>
    /// <param name="tensor">A matrix called <c>….weight</c>.</param>
    public Float8FolderTensor(PlannedTensor tensor)
        : base(tensor)
    {
        _rows = checked((int)tensor.Declaration.Shape[0]);
        _columns = checked((int)tensor.Declaration.Shape[1]);
        _scaleColumns = (_columns + Block - 1) / Block;
        Declarations =
        [
            new TensorDeclaration(tensor.Declaration.Name + "_scale_inv", StorageFormats.F32, [(_rows + Block - 1) / Block, _scaleColumns]),
            new TensorDeclaration(tensor.Declaration.Name, SafetensorsFormats.Find(Float8Tensor.TypeName)!, tensor.Declaration.Shape),
        ];
    }

    /// <inheritdoc/>
    public override ImmutableArray<TensorDeclaration> Declarations { get; }

    /// <inheritdoc/>
    public override void Write(TensorDeclaration due, PlannedTensorEncoder encode, ByteSink sink)
    {
        if (due == Declarations[0])
        {
            _scales = new float[checked((int)(due.ByteLength / sizeof(float)))];
            ForBands(encode, (first, values) => Measure(values, _scales.AsSpan(first / Block * _scaleColumns, _scaleColumns)));
            sink(MemoryMarshal.AsBytes(_scales.AsSpan()));
            return;
        }

        byte[] weights = new byte[checked(Math.Min(Block, _rows) * _columns)];
        ForBands(encode, (first, values) =>
        {
            ScaledFloat8.Compress(values, _scales.AsSpan(first / Block * _scaleColumns, _scaleColumns), _columns, Block, weights.AsSpan(0, values.Length));
            sink(weights.AsSpan(0, values.Length));
        });
    }

    private void Measure(ReadOnlySpan<float> values, Span<float> scales)
    {
        ScaledFloat8.Scales(values, _columns, Block, scales);
        int wrong = scales.IndexOfAnyExceptInRange(0, ScaledFloat8.LargestScale);
        if (wrong >= 0)
        {
            throw new InvalidInputException($"tensor \"{Tensor.Declaration.Name}\": a value of magnitude {scales[wrong] * ScaledFloat8.LargestElement} does not fit F8_E4M3, which is read as BF16; choose F32 for it.");
        }
    }

    // Bands of as many rows as share scales, whatever pieces the rows arrive in.
    private void ForBands(PlannedTensorEncoder encode, BandAction action)
    {
        using AlignedBuffer band = new((long)Math.Min(Block, _rows) * _columns * sizeof(float));
        long filled = 0;
        int row = 0;
        encode(Tensor with { Declaration = Tensor.Declaration with { Format = StorageFormats.F32 } }, bytes =>
        {
            while (!bytes.IsEmpty)
            {
                long wanted = (long)Math.Min(Block, _rows - row) * _columns * sizeof(float);
                int part = (int)Math.Min(bytes.Length, wanted - filled);
                bytes[..part].CopyTo(band.Span<byte>(filled, part));
                bytes = bytes[part..];
                filled += part;
                if (filled == wanted)
                {
                    action(row, band.Span<float>(0, checked((int)(wanted / sizeof(float)))));
                    row += Block;
                    filled = 0;
                }
            }
        });
    }

    private delegate void BandAction(int firstRow, ReadOnlySpan<float> values);
}
