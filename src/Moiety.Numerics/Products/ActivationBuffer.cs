using System.Runtime.Intrinsics;
using Moiety.Numerics.Kernels;

namespace Moiety.Numerics.Products;

/// <summary>
/// Activations in the forms that matrix products read. Prepared once, they serve several products (query, key and value; gate
/// and up). The memory is allocated at the start and never per call.
/// </summary>
public sealed unsafe class ActivationBuffer : IDisposable
{
    private readonly AlignedBuffer _quantized;
    private readonly AlignedBuffer _words;
    private readonly AlignedBuffer _scales;
    private readonly AlignedBuffer _sums;
    private readonly long _capacity;
    private readonly int _rowCapacity;
    private float* _source;
    private long _sourceStride;

    /// <summary>Creates a buffer.</summary>
    /// <param name="rows">Most activation rows at once.</param>
    /// <param name="columns">Most columns of a row.</param>
    /// <param name="precision">How products with quantized weights read the activations.</param>
    /// <exception cref="ArgumentOutOfRangeException">A size is not positive.</exception>
    public ActivationBuffer(int rows, int columns, ActivationPrecision precision = ActivationPrecision.Rounded)
        : this(rows, columns, KernelSets.Best, precision)
    {
    }

    /// <summary>Creates a buffer for products with a chosen kernel set.</summary>
    internal ActivationBuffer(int rows, int columns, KernelSet kernels, ActivationPrecision precision = ActivationPrecision.Rounded)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(rows);
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(columns);
        Kernels = kernels;
        Precision = precision;
        _rowCapacity = rows;
        int stride = Stride(columns);
        _capacity = (long)rows * stride;
        _quantized = new AlignedBuffer(_capacity);
        _words = new AlignedBuffer(_capacity * sizeof(short));
        _scales = new AlignedBuffer(_capacity / QuantizedBlock.Length * sizeof(float));
        _sums = new AlignedBuffer(_capacity / QuantizedBlock.Length * sizeof(int));
    }

    /// <summary>How products with quantized weights read the activations.</summary>
    public ActivationPrecision Precision { get; }

    /// <summary>Activation rows prepared.</summary>
    public int Rows { get; private set; }

    /// <summary>Elements of a row.</summary>
    public int Columns { get; private set; }

    /// <summary>Forms prepared.</summary>
    public ActivationForms Forms { get; private set; }

    /// <summary>The kernels that read this buffer.</summary>
    internal KernelSet Kernels { get; }

    /// <summary>
    /// Prepares activations; one worker's share. Every worker of the team calls this with the same arguments, and the team passes
    /// a <see cref="Threading.WorkerTeam.Barrier"/> before the first product. Until the last product, x stays as it is.
    /// </summary>
    /// <param name="x">Activations, [rows, columns].</param>
    /// <param name="rows">Rows.</param>
    /// <param name="columns">Elements of a row; a multiple of 32 for <see cref="ActivationForms.Quantized8"/>.</param>
    /// <param name="stride">Elements from one row to the next.</param>
    /// <param name="forms">Forms to prepare: those of the weights' formats. With <see cref="ActivationPrecision.Single"/> no other form is.</param>
    /// <param name="worker">This worker.</param>
    /// <param name="workers">Workers of the team.</param>
    /// <exception cref="ArgumentException">The activations do not fit the buffer.</exception>
    public void Prepare(float* x, int rows, int columns, long stride, ActivationForms forms, int worker, int workers)
    {
        CheckShape(rows, columns, stride, forms);
        forms = Precision == ActivationPrecision.Single ? ActivationForms.Single : forms;
        if (worker == 0)
        {
            _source = x;
            _sourceStride = stride;
            Rows = rows;
            Columns = columns;
            Forms = forms | ActivationForms.Single;
        }
        if ((forms & ActivationForms.Quantized8) == 0)
        {
            return;
        }
        int blocks = columns / QuantizedBlock.Length;
        int blockStride = Stride(columns) / QuantizedBlock.Length;
        long total = (long)rows * blocks;
        long end = total * (worker + 1) / workers;
        for (long index = total * worker / workers; index < end; index++)
        {
            long row = index / blocks;
            long block = index % blocks;
            long target = (row * blockStride) + block;
            PrepareBlock(x + (row * stride) + (block * QuantizedBlock.Length), target);
        }
    }

    /// <summary>The values of a prepared row, as they were given.</summary>
    public ReadOnlySpan<float> Source(int row) => new(Row(row), Columns);

    /// <summary>Frees the memory.</summary>
    public void Dispose()
    {
        _quantized.Dispose();
        _words.Dispose();
        _scales.Dispose();
        _sums.Dispose();
    }

    /// <summary>Row of singles.</summary>
    internal float* Row(int row) => _source + (row * _sourceStride);

    /// <summary>Row of signed bytes.</summary>
    internal sbyte* Quantized(int row) => (sbyte*)_quantized.Pointer + ((long)row * Stride(Columns));

    /// <summary>Scale of every block of a row.</summary>
    internal float* Scales(int row) => (float*)_scales.Pointer + ((long)row * (Stride(Columns) / QuantizedBlock.Length));

    /// <summary>Row of pairs of words, 16 for each block, in the order of <see cref="QuantizedBlock.Widen"/>.</summary>
    internal int* Words(int row) => (int*)_words.Pointer + ((long)row * (Stride(Columns) / 2));

    /// <summary>Sums of the signed bytes of the two halves of every block of a row, a pair of words each.</summary>
    internal int* Sums(int row) => (int*)_sums.Pointer + ((long)row * (Stride(Columns) / QuantizedBlock.Length));

    /// <summary>Columns rounded up to whole groups of eight blocks, so that every row begins aligned.</summary>
    private static int Stride(int columns) => checked((columns + 255) / 256 * 256);

    private void PrepareBlock(float* x, long block)
    {
        sbyte* quantized = (sbyte*)_quantized.Pointer + (block * QuantizedBlock.Length);
        _scales.As<float>()[block] = (float)QuantizedBlock.Quantize(x, quantized);
        QuantizedBlock.Widen(Vector256.Load(quantized), out Vector256<int> even, out Vector256<int> odd);
        int* words = _words.As<int>() + (block * QuantizedBlock.Length / 2);
        even.Store(words);
        odd.Store(words + 8);

        // At most 16·127: words are wide enough. The halves of the vectors are those of the block.
        Vector256<short> added = even.AsInt16() + odd.AsInt16();
        int first = Vector128.Sum(added.GetLower());
        int second = Vector128.Sum(added.GetUpper());
        _sums.As<int>()[block] = (first & 0xFFFF) | (second << 16);
    }

    private void CheckShape(int rows, int columns, long stride, ActivationForms forms)
    {
        if (rows < 0 || columns < 0 || rows > _rowCapacity || (long)rows * Stride(columns) > _capacity)
        {
            throw new ArgumentException(
                $"Activations [{rows}, {columns}] do not fit a buffer of {_rowCapacity} rows and {_capacity} elements.");
        }
        if (stride < columns)
        {
            throw new ArgumentException($"Activation rows of {columns} elements overlap: they lie {stride} apart.", nameof(stride));
        }
        if ((forms & ActivationForms.Quantized8) != 0 && columns % QuantizedBlock.Length != 0)
        {
            throw new ArgumentException(
                $"Activations [{rows}, {columns}] cannot be quantized: columns must be a multiple of {QuantizedBlock.Length}.", nameof(columns));
        }
    }
}
