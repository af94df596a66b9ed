using Moiety.Numerics.Products;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// What a branch (attention or feed-forward) reads: rows of the residual stream, normalized where the layer has a norm there, and
/// prepared once for all products that read them.
/// </summary>
/// <param name="norm">The norm before the branch, or null.</param>
/// <param name="size">Elements of a row.</param>
/// <param name="forms">The forms that the branch's products read.</param>
internal sealed unsafe class BranchInput(Norm? norm, int size, ActivationForms forms)
{
    /// <summary>Afterwards the worker may multiply by the space's normed activations.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="count">Rows.</param>
    public Preparation Run(in Worker worker, int* tokens, int count)
    {
        Preparation preparation = worker.Prepare(count);
        PreparedSpace space = preparation.Space;
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

    /// <summary>Normalizes one row, or copies it.</summary>
    public void Apply(float* input, float* output)
    {
        if (norm is null)
        {
            new ReadOnlySpan<float>(input, size).CopyTo(new Span<float>(output, size));
        }
        else
        {
            norm.Apply(input, output);
        }
    }
}
