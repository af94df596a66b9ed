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

    /// <summary>Whether values can be encoded in it; <see cref="Quantize(ReadOnlySpan{float}, Span{byte})"/> refuses otherwise.</summary>
    public virtual bool CanQuantize => true;

    /// <summary>
    /// The format that takes the place of this one for rows that are no whole number of its blocks: of about the same size with blocks
    /// of 32, as in llama.cpp; null when its blocks are not larger than that.
    /// </summary>
    public virtual StorageFormat? Fallback => null;

    /// <summary>Bits that an element takes, the scales included.</summary>
    public double BitsPerElement => 8.0 * BlockBytes / BlockLength;

    /// <summary>Bytes of a row.</summary>
    /// <exception cref="ArgumentException">The length is not a multiple of <see cref="BlockLength"/>.</exception>
    public long RowBytes(long columns) => columns % BlockLength == 0
        ? columns / BlockLength * BlockBytes
        : throw new ArgumentException($"{Name} needs rows of a multiple of {BlockLength} elements, not {columns}.", nameof(columns));

    /// <summary>This format where rows of so many columns are whole blocks of it, else its fallback where they are, else F16.</summary>
    public StorageFormat ForColumns(long columns) =>
        columns % BlockLength == 0 ? this : Fallback?.ForColumns(columns) ?? StorageFormats.F16;

    /// <summary>Encodes values; both spans cover whole blocks.</summary>
    /// <exception cref="ArgumentException">The spans do not cover the same whole blocks.</exception>
    /// <exception cref="NotSupportedException">The format is read only (<see cref="CanQuantize"/>).</exception>
    public abstract void Quantize(ReadOnlySpan<float> source, Span<byte> destination);

    /// <summary>
    /// Encodes rows so that errors in important columns are small, as ggml does with an importance matrix: the squared error of
    /// each value x is weighted with importance · √(σ² + x²), where σ² is the mean square of the values around it. Formats that
    /// have nothing to choose (F32, F16, BF16, Q8_0, MXFP4) ignore the importance.
    /// </summary>
    /// <param name="source">Whole rows.</param>
    /// <param name="destination">The encoded rows.</param>
    /// <param name="importance">
    /// One weight for each column of a row, none negative: usually the mean square of the activations that the column is multiplied
    /// with. Empty for none.
    /// </param>
    /// <exception cref="ArgumentException">The spans do not cover the same whole rows, or a weight is negative or not finite.</exception>
    /// <exception cref="NotSupportedException">The format is read only (<see cref="CanQuantize"/>).</exception>
    public void Quantize(ReadOnlySpan<float> source, Span<byte> destination, ReadOnlySpan<float> importance)
    {
        if (importance.IsEmpty)
        {
            Quantize(source, destination);
            return;
        }
        CheckLengths(source.Length, destination.Length);
        if (source.Length % importance.Length != 0)
        {
            throw new ArgumentException($"{Name}: {source.Length} values are no whole rows of {importance.Length} columns.", nameof(importance));
        }
        foreach (float weight in importance)
        {
            if (!(weight >= 0 && weight <= float.MaxValue))
            {
                throw new ArgumentException($"{Name}: the importance {weight} of a column is negative or not finite.", nameof(importance));
            }
        }
        int rowBytes = checked((int)RowBytes(importance.Length));
        for (int row = 0; row < source.Length / importance.Length; row++)
        {
            QuantizeRow(source.Slice(row * importance.Length, importance.Length), destination.Slice(row * rowBytes, rowBytes), importance);
        }
    }

    /// <summary>Decodes values; both spans cover whole blocks.</summary>
    /// <exception cref="ArgumentException">The spans do not cover the same whole blocks.</exception>
    public abstract void Dequantize(ReadOnlySpan<byte> source, Span<float> destination);

    /// <summary>The format's name.</summary>
    public override string ToString() => Name;

    /// <summary>Encodes one row with the importance of its columns; all three spans have been checked.</summary>
    private protected virtual void QuantizeRow(ReadOnlySpan<float> source, Span<byte> destination, ReadOnlySpan<float> importance) =>
        Quantize(source, destination);

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
