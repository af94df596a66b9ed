using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>SwiGLU (arXiv 2002.05202): down(silu(gate x) * up x), in two phases with a barrier between them.</summary>
internal sealed unsafe class DenseFeedForward(GatedWeights weights)
{
    /// <summary>The forms in which the input must be prepared.</summary>
    public ActivationForms InputForms => weights.Gate.Format.Activations | weights.Up.Format.Activations;

    /// <summary>Computes the worker's columns of silu(gate x) * up x from the normed activations.</summary>
    public void Expand(in Worker worker, PreparedSpace input, int count)
    {
        Workspace workspace = worker.Workspace;
        int inner = weights.Gate.Rows;
        RowRange columns = worker.Columns(inner);
        MatrixProduct.MultiplyRows(weights.Gate, input.NormedActivations.Buffer, columns.Start, columns.End, workspace.Gate, inner);
        MatrixProduct.MultiplyRows(weights.Up, input.NormedActivations.Buffer, columns.Start, columns.End, workspace.Up, inner);
        for (int row = 0; row < count; row++)
        {
            long offset = (long)row * inner + columns.Start;
            Span<float> gate = new(workspace.Gate + offset, columns.Count);
            SiluGate.Apply(gate, new ReadOnlySpan<float>(workspace.Up + offset, columns.Count), gate);
        }
    }

    /// <summary>Prepares what <see cref="Expand"/> computed; between two barriers.</summary>
    public void Prepare(in Preparation preparation, Workspace workspace, int count) => preparation.Convert(
        preparation.Space.InnerActivations!, workspace.Gate, count, weights.Down.Columns, weights.Down.Format.Activations);

    /// <summary>Computes the worker's columns of the output into <see cref="Workspace.Product"/>.</summary>
    /// <returns>The columns.</returns>
    public RowRange Contract(in Worker worker, PreparedSpace expanded)
    {
        int hidden = weights.Down.Rows;
        RowRange columns = worker.Columns(hidden);
        MatrixProduct.MultiplyRows(weights.Down, expanded.InnerActivations!.Buffer, columns.Start, columns.End, worker.Workspace.Product, hidden);
        return columns;
    }
}
