using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// A worker's share in preparing the input of products: of a space that all workers fill, or the whole of one that is its own.
/// </summary>
internal readonly unsafe struct Preparation(PreparedSpace space, Worker worker)
{
    public PreparedSpace Space => space;

    /// <summary>Whether this worker does what cannot be shared out.</summary>
    public bool IsFirst => worker.IsFirst;

    /// <summary>Waits for the others if they fill the same space.</summary>
    public void Barrier()
    {
        if (space.IsShared)
        {
            worker.Barrier();
        }
    }

    /// <summary>The share of rows.</summary>
    public RowRange Rows(int rows) => worker.Rows(rows);

    /// <summary>The share of a small product whose output belongs to the space.</summary>
    public RowRange Columns(int rows) => worker.Columns(rows);

    /// <summary>Brings a share of rows into the forms that products read.</summary>
    public void Convert(Activations target, float* rows, int count, int columns, ActivationForms forms) =>
        target.Buffer.Prepare(rows, count, columns, columns, forms, worker.Index, worker.Count);
}
