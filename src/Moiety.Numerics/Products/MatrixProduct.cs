using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Numerics.Products;

/// <summary>
/// Matrix products y = x · Wᵀ for weights in every storage format. An output element is bitwise the same for any number of
/// activation rows, any division into row ranges and any number of threads.
/// </summary>
public static unsafe class MatrixProduct
{
    /// <summary>y[n, weights.Rows] = x[n, weights.Columns] · weightsᵀ, computed by the whole team.</summary>
    /// <param name="team">The team.</param>
    /// <param name="weights">Weights, [rows, columns].</param>
    /// <param name="x">Activations, [n, columns], without gaps.</param>
    /// <param name="n">Activation rows.</param>
    /// <param name="y">Output, [n, rows], without gaps.</param>
    /// <param name="scratch">Takes the prepared activations.</param>
    /// <exception cref="ArgumentException">The activations do not fit the scratch buffer.</exception>
    public static void Multiply(WorkerTeam team, Matrix weights, float* x, int n, float* y, ActivationBuffer scratch)
    {
        ArgumentNullException.ThrowIfNull(team);
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(scratch);
        WholeProduct work = new() { Team = team, Weights = weights, X = x, Count = n, Y = y, Scratch = scratch };
        team.Run(ref work);
    }

    /// <summary>
    /// y[i, row] = weights[row] · x[i] for all prepared activation rows i and the rows of the range. To be called inside a work
    /// item, each worker with its own range.
    /// </summary>
    /// <param name="weights">Weights, [rows, columns].</param>
    /// <param name="activations">Prepared activations, [n, columns].</param>
    /// <param name="rowStart">First row of the weights.</param>
    /// <param name="rowEnd">Behind the last row of the weights.</param>
    /// <param name="y">Output, [n, rows].</param>
    /// <param name="stride">Elements from one row of y to the next.</param>
    /// <exception cref="ArgumentException">Shapes do not match, or the form that the format needs was not prepared.</exception>
    public static void MultiplyRows(
        Matrix weights, ActivationBuffer activations, int rowStart, int rowEnd, float* y, long stride) =>
        MultiplyGathered(weights, activations, null, 0, activations.Rows, rowStart, rowEnd, y, stride);

    /// <summary>
    /// y[i, row] = weights[row] · x[tokens[i]] for i in first to first + count − 1 and the rows of the range: one expert's part of a
    /// Mixture-of-Experts layer, whose mapping table lists the activation rows of every expert one after the other.
    /// </summary>
    /// <param name="weights">Weights of the expert, [rows, columns].</param>
    /// <param name="activations">Prepared activations, [.., columns].</param>
    /// <param name="tokens">The activation row of every output row; null where they are the same.</param>
    /// <param name="first">First output row of the expert.</param>
    /// <param name="count">Output rows of the expert.</param>
    /// <param name="rowStart">First row of the weights.</param>
    /// <param name="rowEnd">Behind the last row of the weights.</param>
    /// <param name="y">Output, [.., rows].</param>
    /// <param name="stride">Elements from one row of y to the next.</param>
    /// <exception cref="ArgumentException">Shapes do not match, or the form that the format needs was not prepared.</exception>
    public static void MultiplyGathered(
        Matrix weights,
        ActivationBuffer activations,
        int* tokens,
        int first,
        int count,
        int rowStart,
        int rowEnd,
        float* y,
        long stride)
    {
        ArgumentNullException.ThrowIfNull(weights);
        ArgumentNullException.ThrowIfNull(activations);
        if (weights.Columns != activations.Columns || rowStart < 0 || rowEnd < rowStart || rowEnd > weights.Rows || stride < rowEnd)
        {
            throw new ArgumentException(
                $"Rows {rowStart}..{rowEnd} of weights [{weights.Rows}, {weights.Columns}] times activations "
                + $"[{activations.Rows}, {activations.Columns}] into rows {stride} elements apart: shapes do not match.");
        }
        if ((weights.Format.Activations & activations.Forms) == 0 && activations.Precision == ActivationPrecision.Rounded)
        {
            throw new ArgumentException(
                $"{weights.Format.Name} weights need activations prepared as {weights.Format.Activations}, there are {activations.Forms}.");
        }
        CheckTokens(activations, tokens, first, count);
        weights.Format.Multiply(new ProductTask
        {
            Weights = weights,
            Activations = activations,
            Tokens = tokens,
            First = first,
            Count = count,
            RowStart = rowStart,
            RowEnd = rowEnd,
            Output = y,
            OutputStride = stride,
        });
    }

    /// <summary>
    /// All experts of a Mixture-of-Experts layer, one worker's share: output rows offsets[e] to offsets[e + 1] − 1 belong to expert
    /// e, and every worker computes its range of rows of each expert that has any.
    /// </summary>
    /// <param name="experts">Weights of the experts, each [rows, columns].</param>
    /// <param name="offsets">Where each expert's output rows begin; one more than there are experts.</param>
    /// <param name="activations">Prepared activations, [.., columns].</param>
    /// <param name="tokens">The activation row of every output row; null where they are the same.</param>
    /// <param name="y">Output, [offsets[^1], rows].</param>
    /// <param name="stride">Elements from one row of y to the next.</param>
    /// <param name="worker">This worker.</param>
    /// <param name="workers">Workers of the team.</param>
    /// <exception cref="ArgumentException">Shapes do not match, or the form that the format needs was not prepared.</exception>
    public static void MultiplyGathered(
        ReadOnlySpan<Matrix> experts,
        ReadOnlySpan<int> offsets,
        ActivationBuffer activations,
        int* tokens,
        float* y,
        long stride,
        int worker,
        int workers)
    {
        if (offsets.Length != experts.Length + 1)
        {
            throw new ArgumentException($"{experts.Length} experts need {experts.Length + 1} offsets, not {offsets.Length}.", nameof(offsets));
        }
        for (int e = 0; e < experts.Length; e++)
        {
            int count = offsets[e + 1] - offsets[e];
            if (count != 0)
            {
                RowRange range = RowRange.Of(experts[e].Rows, worker, workers, RowAlignment);
                MultiplyGathered(experts[e], activations, tokens, offsets[e], count, range.Start, range.End, y, stride);
            }
        }
    }

    /// <summary>Rows of a tile: ranges that begin at a multiple of it waste nothing.</summary>
    public const int RowAlignment = 32;

    private static void CheckTokens(ActivationBuffer activations, int* tokens, int first, int count)
    {
        if (first < 0 || count < 0 || (tokens is null && (long)first + count > activations.Rows))
        {
            throw new ArgumentException($"Output rows {first}..{(long)first + count} exceed {activations.Rows} activation rows.");
        }
        if (tokens is not null)
        {
            foreach (int token in new ReadOnlySpan<int>(tokens + first, count))
            {
                if ((uint)token >= (uint)activations.Rows)
                {
                    throw new ArgumentException($"The mapping table names activation row {token}; there are {activations.Rows}.", nameof(tokens));
                }
            }
        }
    }

    private struct WholeProduct : ITeamWork
    {
        public WorkerTeam Team;
        public Matrix Weights;
        public float* X;
        public int Count;
        public float* Y;
        public ActivationBuffer Scratch;

        public readonly void Execute(int worker, int workers)
        {
            Scratch.Prepare(X, Count, Weights.Columns, Weights.Columns, Weights.Format.Activations, worker, workers);
            Team.Barrier();
            RowRange range = RowRange.Of(Weights.Rows, worker, workers, RowAlignment);
            MultiplyRows(Weights, Scratch, range.Start, range.End, Y, Weights.Rows);
        }
    }
}
