using Moiety.Numerics.Threading;

namespace Moiety.Inference.Adapters;

/// <summary>What an adapter adds to the products of one matrix. Rows are independent of each other, and nothing is kept between calls: any worker may call.</summary>
internal abstract unsafe class BoundUpdate
{
    /// <summary>Adds the share in some columns of the product of one row.</summary>
    /// <param name="input">The row that the matrix is multiplied with.</param>
    /// <param name="columns">Columns of the product, which are rows of the matrix.</param>
    /// <param name="output">The whole row of the product.</param>
    public abstract void AddTo(ReadOnlySpan<float> input, RowRange columns, float* output);
}
