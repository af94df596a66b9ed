using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;

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

    /// <summary>The form in which a matrix product with weights of this format reads its activations.</summary>
    public abstract ActivationForms Activations { get; }

    /// <summary>Bytes of a row.</summary>
    /// <exception cref="ArgumentException">The length is not a multiple of <see cref="BlockLength"/>.</exception>
    public long RowBytes(long columns) => columns % BlockLength == 0
        ? columns / BlockLength * BlockBytes
        : throw new ArgumentException($"{Name} needs rows of a multiple of {BlockLength} elements, not {columns}.", nameof(columns));

    /// <summary>Encodes values; both spans cover whole blocks.</summary>
    /// <exception cref="ArgumentException">The spans do not cover the same whole blocks.</exception>
    public abstract void Quantize(ReadOnlySpan<float> source, Span<byte> destination);

    /// <summary>Decodes values; both spans cover whole blocks.</summary>
    /// <exception cref="ArgumentException">The spans do not cover the same whole blocks.</exception>
    public abstract void Dequantize(ReadOnlySpan<byte> source, Span<float> destination);

    /// <summary>The format's name.</summary>
    public override string ToString() => Name;

    /// <summary>Computes a block of a matrix product whose weights have this format.</summary>
    internal abstract void Multiply(in ProductTask task);

    /// <summary>scores[i] = scale · query · row i, for rows of this format.</summary>
    internal abstract unsafe void Scores(float* query, byte* rows, long stride, int count, int dimension, float scale, float* scores);

    /// <summary>output += Σ weights[i] · row i, in the order of i, for rows of this format.</summary>
    internal abstract unsafe void AccumulateRows(float* weights, byte* rows, long stride, int count, int dimension, float* output);

    /// <summary>Checks that an encoded and a decoded span cover the same whole blocks.</summary>
    private protected void CheckLengths(int values, int bytes)
    {
        if (RowBytes(values) != bytes)
        {
            throw new ArgumentException($"{Name}: {values} values take {RowBytes(values)} bytes, the span has {bytes}.");
        }
    }
}
