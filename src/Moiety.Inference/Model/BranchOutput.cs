using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Model;

/// <summary>
/// How the output f of a branch (attention or feed-forward) joins the residual stream x: x + s f, x + s norm(f) or norm(x + s f).
/// </summary>
/// <param name="placement">Where the layer's norms stand.</param>
/// <param name="norm">The norm after the branch, or null where the placement has none.</param>
/// <param name="size">Elements of a row.</param>
/// <param name="scale">The factor s.</param>
internal sealed unsafe class BranchOutput(NormPlacement placement, Norm? norm, int size, float scale)
{
    /// <summary>Adds output rows to the tokens that they belong to. Ends with a barrier.</summary>
    /// <param name="worker">This worker.</param>
    /// <param name="output">[row, hidden]: the worker has written its columns; they may change.</param>
    /// <param name="tokens">[row]: token.</param>
    /// <param name="count">Rows.</param>
    /// <param name="columns">The worker's columns.</param>
    public void Join(in Worker worker, float* output, int* tokens, int count, RowRange columns)
    {
        float* residual = worker.Workspace.Residual;
        if (norm is null)
        {
            Add(residual, output, tokens, count, columns);
        }
        else if (placement == NormPlacement.Post)
        {
            Add(residual, output, tokens, count, columns);
            worker.Barrier();
            RowRange rows = worker.Rows(count);
            for (int row = rows.Start; row < rows.End; row++)
            {
                float* state = residual + (long)tokens[row] * size;
                norm.Apply(state, state);
            }
        }
        else
        {
            worker.Barrier();
            RowRange rows = worker.Rows(count);
            for (int row = rows.Start; row < rows.End; row++)
            {
                norm.Apply(output + (long)row * size, output + (long)row * size);
                AddRow(residual + (long)tokens[row] * size, output + (long)row * size, size);
            }
        }

        worker.Barrier();
    }

    /// <summary>Adds a worker's columns of output rows to the tokens that they belong to.</summary>
    public void Add(float* residual, float* output, int* tokens, int count, RowRange columns)
    {
        for (int row = 0; row < count; row++)
        {
            AddRow(residual + (long)tokens[row] * size + columns.Start, output + (long)row * size + columns.Start, columns.Count);
        }
    }

    private void AddRow(float* target, float* source, int count)
    {
        Span<float> sum = new(target, count);
        if (scale == 1)
        {
            VectorMath.Add(sum, new ReadOnlySpan<float>(source, count), sum);
        }
        else
        {
            VectorMath.Axpy(scale, new ReadOnlySpan<float>(source, count), sum);
        }
    }
}
