using Moiety.Numerics.Products;

namespace Moiety.Numerics.Kernels;

/// <summary>
/// A block of a matrix product: y[First + i, row] = weights[row] · x[Token(i)] for i in 0 to Count − 1 and row in RowStart to
/// RowEnd − 1.
/// </summary>
internal readonly unsafe struct ProductTask
{
    /// <summary>Weights, one output per row.</summary>
    public required Matrix Weights { get; init; }

    /// <summary>Prepared activations.</summary>
    public required ActivationBuffer Activations { get; init; }

    /// <summary>Activation row of every output row, or null where they are the same.</summary>
    public int* Tokens { get; init; }

    /// <summary>First output row (of y).</summary>
    public int First { get; init; }

    /// <summary>Output rows (of y).</summary>
    public int Count { get; init; }

    /// <summary>First row of the weights.</summary>
    public int RowStart { get; init; }

    /// <summary>Behind the last row of the weights.</summary>
    public int RowEnd { get; init; }

    /// <summary>Output, [.., rows].</summary>
    public float* Output { get; init; }

    /// <summary>Elements from one output row to the next.</summary>
    public long OutputStride { get; init; }

    /// <summary>The activation row of output row First + i.</summary>
    public int Token(int i) => Tokens is null ? First + i : Tokens[First + i];

    /// <summary>Where the results of output row First + i go.</summary>
    public float* OutputRow(int i) => Output + ((First + i) * OutputStride);

    /// <summary>Start of a row of the weights.</summary>
    public byte* WeightRow(int row) => Weights.Data + (row * Weights.RowBytes);
}
