using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>SwiGLU (arXiv 2002.05202): down(silu(gate x) * up x), in two phases with a barrier between them.</summary>
internal sealed unsafe class DenseFeedForward(GatedWeights weights)
{
    /// <summary>The forms in which the input must be prepared.</summary>
    public ActivationForms InputForms => weights.Gate.Format.Activations | weights.Up.Format.Activations;

    /// <summary>Computes a worker's columns of silu(gate x) * up x from the normed activations.</summary>
    public void Expand(StepContext context, int count, int worker, int workers)
    {
        Workspace workspace = context.Workspace;
        ActivationBuffer input = workspace.NormedActivations.Buffer;
        int inner = weights.Gate.Rows;
        RowRange columns = StepContext.Columns(inner, worker, workers);
        MatrixProduct.MultiplyRows(weights.Gate, input, columns.Start, columns.End, workspace.Gate, inner);
        MatrixProduct.MultiplyRows(weights.Up, input, columns.Start, columns.End, workspace.Up, inner);
        for (int row = 0; row < count; row++)
        {
            long offset = (long)row * inner + columns.Start;
            Span<float> gate = new(workspace.Gate + offset, columns.Count);
            SiluGate.Apply(gate, new ReadOnlySpan<float>(workspace.Up + offset, columns.Count), gate);
        }
    }

    /// <summary>Prepares what <see cref="Expand"/> computed, a worker's share; to be called between two barriers.</summary>
    public void Prepare(StepContext context, int count, int worker, int workers)
    {
        int inner = weights.Down.Columns;
        context.Workspace.InnerActivations!.Buffer.Prepare(context.Workspace.Gate, count, inner, inner, weights.Down.Format.Activations, worker, workers);
    }

    /// <summary>Computes a worker's columns of the output into <see cref="Workspace.Product"/>.</summary>
    /// <returns>The columns.</returns>
    public RowRange Contract(StepContext context, int worker, int workers)
    {
        int hidden = weights.Down.Rows;
        RowRange columns = StepContext.Columns(hidden, worker, workers);
        MatrixProduct.MultiplyRows(
            weights.Down, context.Workspace.InnerActivations!.Buffer, columns.Start, columns.End, context.Workspace.Product, hidden);
        return columns;
    }
}
