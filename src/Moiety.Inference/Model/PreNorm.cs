using Moiety.Numerics.Kernels;
using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// Normalizes rows of the residual stream (RMSNorm, arXiv 1910.07467) and prepares them once for all products that read them.
/// </summary>
internal sealed unsafe class PreNorm(float[] weight, float epsilon, ActivationForms forms)
{
    /// <summary>Afterwards the worker may multiply by the space's normed activations.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="count">Rows.</param>
    public Preparation Run(in Worker worker, int* tokens, int count)
    {
        Preparation preparation = worker.Prepare(count);
        PreparedSpace space = preparation.Space;
        int size = weight.Length;
        RowRange rows = preparation.Rows(count);
        for (int row = rows.Start; row < rows.End; row++)
        {
            Apply(worker.Workspace.Residual + (long)tokens[row] * size, space.Normed + (long)row * size);
        }

        preparation.Barrier();
        preparation.Convert(space.NormedActivations, space.Normed, count, size, forms);
        preparation.Barrier();
        return preparation;
    }

    /// <summary>Normalizes one row.</summary>
    public void Apply(float* input, float* output) =>
        RmsNorm.Apply(new ReadOnlySpan<float>(input, weight.Length), weight, epsilon, new Span<float>(output, weight.Length));
}
