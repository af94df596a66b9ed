using System.Buffers;
using System.Numerics.Tensors;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Nucleus sampling (Holtzman et al., arXiv 1904.09751): keeps the smallest set of likeliest tokens whose probabilities reach p
/// and forbids the others. Among equal logits the lower id ranks first. Hugging Face: <c>TopPLogitsWarper</c>.
/// </summary>
public sealed class TopP : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="mass">The probability p to reach, above 0 and at most 1.</param>
    /// <exception cref="InvalidInputException">The probability is out of range.</exception>
    public TopP(float mass)
    {
        if (!(mass > 0 && mass <= 1))
        {
            throw new InvalidInputException($"top-p must be above 0 and at most 1, not {mass}.");
        }

        Mass = mass;
    }

    /// <summary>The probability to reach.</summary>
    public float Mass { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        if (Mass >= 1)
        {
            return;
        }

        float maximum = TensorPrimitives.Max(logits);
        int[] rentedIds = ArrayPool<int>.Shared.Rent(logits.Length);
        double[] rentedWeights = ArrayPool<double>.Shared.Rent(logits.Length);
        Span<int> ids = rentedIds.AsSpan(0, logits.Length);
        Span<double> weights = rentedWeights.AsSpan(0, logits.Length);
        double total = 0;
        int candidates = 0;
        for (int id = 0; id < logits.Length; id++)
        {
            if (logits[id] > float.NegativeInfinity)
            {
                double weight = PortableMath.Exp((double)logits[id] - maximum);
                weights[id] = weight;
                total += weight;
                ids[candidates++] = id;
            }
        }

        foreach (int id in Outside(ids[..candidates], logits, weights, Mass * total))
        {
            logits[id] = float.NegativeInfinity;
        }

        ArrayPool<int>.Shared.Return(rentedIds);
        ArrayPool<double>.Shared.Return(rentedWeights);
    }

    // Orders ids only as far as needed, as quickselect does, and returns those outside the nucleus. An id is inside when the
    // ids that rank before it weigh less than `wanted`. Invariant: everything before `from` is inside and weighs `before`;
    // everything from `to` on is outside.
    private static ReadOnlySpan<int> Outside(Span<int> ids, ReadOnlySpan<float> logits, ReadOnlySpan<double> weights, double wanted)
    {
        int from = 0;
        int to = ids.Length;
        double before = 0;
        while (from < to)
        {
            int split = Partition(ids, from, to, logits);
            double upper = 0;
            for (int i = from; i < split; i++)
            {
                upper += weights[ids[i]];
            }

            // The pivot sits at `split`: whether it is inside decides which half holds the border.
            if (before + upper < wanted)
            {
                before += upper + weights[ids[split]];
                from = split + 1;
                if (before >= wanted)
                {
                    to = from;
                }
            }
            else
            {
                to = split;
            }
        }

        return ids[to..];
    }

    // Moves ids that rank before a pivot to the front of [from, to) and returns where the pivot comes to lie.
    private static int Partition(Span<int> ids, int from, int to, ReadOnlySpan<float> logits)
    {
        int middle = from + ((to - from) / 2);
        (ids[middle], ids[to - 1]) = (ids[to - 1], ids[middle]);
        int pivot = ids[to - 1];
        int split = from;
        for (int i = from; i < to - 1; i++)
        {
            if (RanksBefore(ids[i], pivot, logits))
            {
                (ids[i], ids[split]) = (ids[split], ids[i]);
                split++;
            }
        }

        (ids[split], ids[to - 1]) = (ids[to - 1], ids[split]);
        return split;
    }

    private static bool RanksBefore(int left, int right, ReadOnlySpan<float> logits) =>
        logits[left] > logits[right] || (logits[left] == logits[right] && left < right);
}
