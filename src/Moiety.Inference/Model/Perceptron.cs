using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// down(f(up x)), or with a gate down(f(gate x) * up x) (arXiv 2002.05202), in two phases with a barrier between them.
/// </summary>
/// <param name="weights">The projections.</param>
/// <param name="branch">Which of the layer's perceptrons it is: each has memory of its own, see <see cref="Workspace.Branch"/>.</param>
internal sealed unsafe class Perceptron(BranchWeights weights, int branch)
{
    /// <summary>The forms in which the input must be prepared.</summary>
    public ActivationForms InputForms => weights.Up.Format.Activations | (weights.Gate?.Format.Activations ?? ActivationForms.None);

    /// <summary>Computes the worker's columns of the inner activations from the normed activations.</summary>
    public void Expand(in Worker worker, PreparedSpace input, int* tokens, int count)
    {
        BranchBuffers buffers = worker.Workspace.Branch(branch);
        ActivationBuffer normed = input.NormedActivations.Buffer;
        if (weights.Gate is { } gate)
        {
            worker.Multiply(gate, normed, tokens, buffers.Inner);
        }

        RowRange columns = worker.Multiply(weights.Up, normed, tokens, weights.Gate is null ? buffers.Inner : buffers.Up);
        Activate(buffers, columns, count);
    }

    /// <summary>Prepares what <see cref="Expand"/> computed; between two barriers.</summary>
    public void Prepare(in Preparation preparation, Workspace workspace, int count) => preparation.Convert(
        preparation.Space.Inner(branch), workspace.Branch(branch).Inner, count, weights.Down.Columns, weights.Down.Format.Activations);

    /// <summary>Computes the worker's columns of the output.</summary>
    /// <returns>The columns.</returns>
    public RowRange Contract(in Worker worker, PreparedSpace expanded, int* tokens, int count, float* output)
    {
        int hidden = weights.Down.Rows;
        RowRange columns = worker.Multiply(weights.Down, expanded.Inner(branch).Buffer, tokens, output);
        for (int row = 0; weights.DownBias.Length > 0 && row < count; row++)
        {
            Bias.Add(weights.DownBias, columns, output + (long)row * hidden);
        }

        return columns;
    }

    private void Activate(BranchBuffers buffers, RowRange columns, int count)
    {
        int inner = weights.Up.Rows;
        for (int row = 0; row < count; row++)
        {
            float* gate = buffers.Inner + (long)row * inner;
            if (weights.Gate is null)
            {
                Bias.Add(weights.UpBias, columns, gate);
                ActivationFunctions.Apply(weights.Activation, new Span<float>(gate + columns.Start, columns.Count));
                continue;
            }

            float* up = buffers.Up + (long)row * inner;
            Bias.Add(weights.GateBias, columns, gate);
            Bias.Add(weights.UpBias, columns, up);
            ActivationFunctions.Gate(
                weights.Activation, new Span<float>(gate + columns.Start, columns.Count), new ReadOnlySpan<float>(up + columns.Start, columns.Count));
        }
    }
}
