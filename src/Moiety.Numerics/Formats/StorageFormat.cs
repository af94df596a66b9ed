namespace Moiety.Numerics.Formats;

/// <summary>
/// How the elements of a matrix row lie in memory: blocks of <see cref="BlockLength"/> elements in <see cref="BlockBytes"/>
/// bytes. One format is one file: block layout, quantization, dequantization and dot product.
/// </summary>
public abstract class StorageFormat
{
    /// <summary>Name as users know it: <c>F32</c>, <c>BF16</c>, <c>Q8_0</c>.</summary>
    public abstract string Name { get; }

    /// <summary>Elements in one block; a row holds a whole number of blocks.</summary>
    public abstract int BlockLength { get; }

    /// <summary>Bytes of one block.</summary>
    public abstract int BlockBytes { get; }

    /// <summary>Bytes of a row.</summary>
    /// <exception cref="ArgumentException">The length is not a multiple of <see cref="BlockLength"/>.</exception>
    public long RowBytes(long columns) => columns % BlockLength == 0
        ? columns / BlockLength * BlockBytes
        : throw new ArgumentException($"{Name} needs rows of a multiple of {BlockLength} elements, not {columns}.", nameof(columns));

    /// <summary>Encodes values; both spans cover whole blocks.</summary>
    public abstract void Quantize(ReadOnlySpan<float> source, Span<byte> destination);

    /// <summary>Decodes values; both spans cover whole blocks.</summary>
    public abstract void Dequantize(ReadOnlySpan<byte> source, Span<float> destination);
}
