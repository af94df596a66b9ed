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
