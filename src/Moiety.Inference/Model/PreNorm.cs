using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// Normalizes rows of the residual stream (RMSNorm, arXiv 1910.07467) and prepares them once for all products that read them.
/// </summary>
internal sealed unsafe class PreNorm(float[] weight, float epsilon, ActivationForms forms)
{
    /// <summary>Ends with a barrier: afterwards every worker may multiply.</summary>
    /// <param name="context">The step.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="count">Rows.</param>
    /// <param name="worker">This worker.</param>
    /// <param name="workers">Workers of the team.</param>
    public void Run(StepContext context, int* tokens, int count, int worker, int workers)
    {
        Workspace workspace = context.Workspace;
        ActivationBuffer activations = workspace.NormedActivations.Buffer;
        int size = weight.Length;
        if (count == 1)
        {
            // One row is done sooner than a barrier is passed.
            if (worker == 0)
            {
                Normalize(workspace, tokens, 0);
                activations.Prepare(workspace.Normed, 1, size, size, forms, 0, 1);
            }

            context.Barrier();
            return;
        }

        RowRange rows = RowRange.Of(count, worker, workers);
        for (int row = rows.Start; row < rows.End; row++)
        {
            Normalize(workspace, tokens, row);
        }

        context.Barrier();
        activations.Prepare(workspace.Normed, count, size, size, forms, worker, workers);
        context.Barrier();
    }

    /// <summary>Normalizes one row of the residual stream.</summary>
    public void Apply(float* input, float* output) =>
        RmsNorm.Apply(new ReadOnlySpan<float>(input, weight.Length), weight, epsilon, new Span<float>(output, weight.Length));

    private void Normalize(Workspace workspace, int* tokens, int row) =>
        Apply(workspace.Residual + (long)tokens[row] * weight.Length, workspace.Normed + (long)row * weight.Length);
}
