using Moiety.Inference.Routing;
using Moiety.Inference.Steps;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>What the layers of one step share. Every worker runs the same code over it; barriers separate the phases.</summary>
internal sealed class StepContext(WorkerTeam team, StepLayout layout, Workspace workspace, RoutingTable routing, StepResult result)
{
    public StepLayout Layout => layout;

    public Workspace Workspace => workspace;

    public RoutingTable Routing => routing;

    public StepResult Result => result;

    /// <summary>Waits until all workers are done with the phase.</summary>
    public void Barrier() => team.Barrier();

    /// <summary>A worker's share of the rows of a weight matrix, and so of the columns of its product.</summary>
    public static RowRange Columns(int rows, int worker, int workers) => RowRange.Of(rows, worker, workers, MatrixProduct.RowAlignment);
}
