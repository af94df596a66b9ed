using Moiety.Numerics.Formats;

namespace Moiety.Models.Checkpoints.Quantized;

/// <summary>
/// Matrices in MXFP4 as GPT-OSS publishes them: nibbles in <c>…_blocks</c> [experts, rows, blocks, 16] and exponents in
/// <c>…_scales</c> [experts, rows, blocks]. They become the blocks of GGUF, bit for bit, under the name of the nibbles.
/// </summary>
internal sealed unsafe class Mxfp4Tensor : DerivedTensor
{
    private const int BlockLength = 32;
    private const int NibbleBytes = 16;
    private readonly FileTensor _nibbles;
    private readonly FileTensor _exponents;
    private readonly int _rowBlocks;

    /// <summary>Joins nibbles and exponents.</summary>
    /// <exception cref="InvalidCheckpointException">The shapes do not belong together.</exception>
    public Mxfp4Tensor(FileTensor nibbles, FileTensor exponents)
        : base(nibbles, nibbles.Name, ElementType.Of(StorageFormats.MXFP4), nibbles.Shape.Length > 2 ? [.. nibbles.Shape[..^2], nibbles.Shape[^2] * BlockLength] : [])
    {
        _nibbles = nibbles;
        _exponents = exponents;
        if (nibbles.Type.Name != "U8" || exponents.Type.Name != "U8" || nibbles.Shape.Length < 3 || nibbles.Shape[^1] != NibbleBytes
            || !nibbles.Shape[..^1].SequenceEqual(exponents.Shape) || nibbles.Shape.Any(size => size is < 1 or > int.MaxValue / BlockLength))
        {
            throw new InvalidCheckpointException(Path, $"tensor \"{Name}\"",
                $"{nibbles.Type.Name} {TensorShape.Text(nibbles.Shape)} and {exponents.Type.Name} {TensorShape.Text(exponents.Shape)} of \"{exponents.Name}\" are no MXFP4: U8 [..., rows, blocks, {NibbleBytes}] and U8 [..., rows, blocks] are expected");
        }

        _rowBlocks = (int)nibbles.Shape[^2];
    }

    /// <inheritdoc/>
    protected override void ReadRows(long first, long count, byte* target)
    {
        using TensorBytes nibbles = new(_nibbles);
        using TensorBytes exponents = new(_exponents);
        byte* packed = nibbles.Pointer;
        byte* powers = exponents.Pointer;
        int blocks = _rowBlocks;
        int rowBytes = checked((int)StorageFormats.MXFP4.RowBytes((long)blocks * BlockLength));
        void Join(long row) => Mxfp4Layout.Join(
            new ReadOnlySpan<byte>(packed + (row * blocks * NibbleBytes), blocks * NibbleBytes),
            new ReadOnlySpan<byte>(powers + (row * blocks), blocks),
            new Span<byte>(target + ((row - first) * rowBytes), rowBytes));

        // Where gate and up alternate, rows are asked for one by one, and already in parallel.
        if (count == 1)
        {
            Join(first);
        }
        else
        {
            Parallel.For(first, first + count, Join);
        }
    }
}
