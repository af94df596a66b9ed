using Moiety.Numerics;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// One worker's view of a step. Every worker runs the same code and does its share of each phase; barriers separate phases.
/// </summary>
/// <param name="context">What all workers share.</param>
/// <param name="index">0 for the thread that called the engine.</param>
/// <param name="count">Workers of the team.</param>
internal readonly struct Worker(StepContext context, int index, int count)
{
    public StepContext Context => context;

    public Workspace Workspace => context.Workspace;

    public StepLayout Layout => context.Layout;

    public int Index => index;

    public int Count => count;

    /// <summary>The one that does what cannot be shared out.</summary>
    public bool IsFirst => index == 0;

    /// <summary>Waits until all workers are done with the phase.</summary>
    public void Barrier() => context.Team.Barrier();

    /// <summary>The worker's columns of a product, with what the rows' adapters add to it.</summary>
    /// <param name="weights">The matrix.</param>
    /// <param name="input">The input, prepared.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="output">[row, rows of the matrix].</param>
    /// <returns>The columns.</returns>
    public unsafe RowRange Multiply(Matrix weights, ActivationBuffer input, int* tokens, float* output)
    {
        RowRange columns = Columns(weights.Rows);
        Observe(weights, input);
        MatrixProduct.MultiplyRows(weights, input, columns.Start, columns.End, output, weights.Rows);
        for (int row = 0; Layout.HasAdapters && row < input.Rows; row++)
        {
            Layout.SliceOf(tokens[row]).Adapter?.AddTo(weights, input.Source(row), columns, output + (long)row * weights.Rows);
        }

        return columns;
    }

    /// <summary>The same for the experts of a layer.</summary>
    /// <param name="weights">The matrix of each expert.</param>
    /// <param name="offsets">[expert + 1]: an expert's slots.</param>
    /// <param name="input">The input, prepared.</param>
    /// <param name="rowOf">[slot]: its row.</param>
    /// <param name="isGathered">Whether the input has rows, which slots share; false when it has slots.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="output">[slot, rows of a matrix].</param>
    public unsafe void Multiply(Matrix[] weights, ReadOnlySpan<int> offsets, ActivationBuffer input, int* rowOf, bool isGathered, int* tokens, float* output)
    {
        int size = weights[0].Rows;
        Observe(weights, offsets, input, isGathered ? rowOf : null);
        MatrixProduct.MultiplyGathered(weights, offsets, input, isGathered ? rowOf : null, output, size, Index, Count);
        for (int expert = 0; Layout.HasAdapters && expert < weights.Length; expert++)
        {
            for (int slot = offsets[expert]; slot < offsets[expert + 1]; slot++)
            {
                Layout.SliceOf(tokens[rowOf[slot]]).Adapter?.AddTo(weights[expert], input.Source(isGathered ? rowOf[slot] : slot), Columns(size), output + (long)slot * size);
            }
        }
    }

    /// <summary>Tells whoever wants to know what a matrix is about to be multiplied with.</summary>
    private void Observe(Matrix weights, ActivationBuffer input)
    {
        if (IsFirst && context.Observer is { } observer)
        {
            for (int row = 0; row < input.Rows; row++)
            {
                observer(weights, input.Source(row));
            }
        }
    }

    /// <summary>The same for the experts of a layer.</summary>
    /// <param name="weights">The matrix of each expert.</param>
    /// <param name="offsets">[expert + 1]: an expert's slots.</param>
    /// <param name="input">The input.</param>
    /// <param name="rowOf">[slot]: its row of the input, or null when they are the same.</param>
    private unsafe void Observe(Matrix[] weights, ReadOnlySpan<int> offsets, ActivationBuffer input, int* rowOf)
    {
        if (IsFirst && context.Observer is { } observer)
        {
            for (int expert = 0; expert < weights.Length; expert++)
            {
                for (int slot = offsets[expert]; slot < offsets[expert + 1]; slot++)
                {
                    observer(weights[expert], input.Source(rowOf is null ? slot : rowOf[slot]));
                }
            }
        }
    }

    /// <summary>This worker's share of the rows of a weight matrix, and so of the columns of its product.</summary>
    public RowRange Columns(int rows) => RowRange.Of(rows, index, count, MatrixProduct.RowAlignment);

    /// <summary>This worker's share of rows.</summary>
    public RowRange Rows(int rows) => RowRange.Of(rows, index, count);

    /// <summary>Where the input of products over a number of rows is prepared.</summary>
    public Preparation Prepare(int rows)
    {
        PreparedSpace space = context.Workspace.PreparedFor(rows, index);
        return new Preparation(space, space.IsShared ? this : new Worker(context, 0, 1));
    }
}
