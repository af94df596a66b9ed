using Moiety.Models.Adapters;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Adapters;

/// <summary>Scale * B * (A * x), the same for every token.</summary>
/// <param name="update">The factors.</param>
internal sealed unsafe class PlainUpdate(LowRankUpdate update) : BoundUpdate
{
    /// <inheritdoc/>
    public override void AddTo(ReadOnlySpan<float> input, RowRange columns, float* output)
    {
        int rank = update.Rank;
        Span<float> inner = stackalloc float[rank];
        for (int i = 0; i < rank; i++)
        {
            inner[i] = update.Scale * VectorMath.Dot(update.A.AsSpan(i * input.Length, input.Length), input);
        }

        for (int column = columns.Start; column < columns.End; column++)
        {
            output[column] += VectorMath.Dot(update.B.AsSpan(column * rank, rank), inner);
        }
    }
}
