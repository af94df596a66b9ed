using Moiety.Inference.Routing;
using Moiety.Models.Adapters;
using Moiety.Models.Configuration;
using Moiety.Numerics.Kernels;
using Moiety.Numerics.Threading;

namespace Moiety.Inference.Adapters;

/// <summary>
/// Σ g_i * Scale * B_i (A_i x) over the experts that the row's router chooses. Every worker chooses anew for its columns: the choice costs
/// as much as one more row of A for each expert, and workers need not wait for each other.
/// </summary>
/// <param name="bank">The experts.</param>
internal sealed unsafe class RoutedUpdate(LoraExpertBank bank) : BoundUpdate
{
    private readonly Gate _gate = new(
        new MoeConfig { ExpertCount = bank.Experts, TopK = bank.TopK, ExpertIntermediateSize = bank.Rank, NormalizeTopK = bank.NormalizeTopK }, []);

    /// <inheritdoc/>
    public override void AddTo(ReadOnlySpan<float> input, RowRange columns, float* output)
    {
        int rank = bank.Rank;
        int topK = bank.TopK;
        int total = bank.Experts * rank;
        Span<float> logits = stackalloc float[bank.Experts];
        Span<float> scratch = stackalloc float[bank.Experts];
        Span<int> experts = stackalloc int[topK];
        Span<float> weights = stackalloc float[topK];
        Span<float> inner = stackalloc float[topK * rank];
        for (int expert = 0; expert < logits.Length; expert++)
        {
            logits[expert] = VectorMath.Dot(bank.Router.AsSpan(expert * input.Length, input.Length), input);
        }

        if (!_gate.Choose(logits, scratch, experts, weights))
        {
            // The input is not finite, and what follows must not hide it.
            new Span<float>(output + columns.Start, columns.End - columns.Start).Fill(float.NaN);
            return;
        }

        for (int i = 0; i < inner.Length; i++)
        {
            int row = (experts[i / rank] * rank) + (i % rank);
            inner[i] = bank.Scale * weights[i / rank] * VectorMath.Dot(bank.A.AsSpan(row * input.Length, input.Length), input);
        }

        for (int column = columns.Start; column < columns.End; column++)
        {
            float sum = 0;
            for (int choice = 0; choice < topK; choice++)
            {
                sum += VectorMath.Dot(bank.B.AsSpan((column * total) + (experts[choice] * rank), rank), inner.Slice(choice * rank, rank));
            }

            output[column] += sum;
        }
    }
}
