using System.Buffers;
using System.Numerics.Tensors;

namespace Moiety.Decoding.Processors;

/// <summary>Keeps the tokens that rank first by some score and together reach a probability, and forbids the others.</summary>
internal static class Nucleus
{
    /// <summary>Forbids all tokens but the smallest set of first ones that reaches the probability.</summary>
    /// <param name="logits">The scores that make the probabilities; changed.</param>
    /// <param name="scores">What the tokens rank by, larger first, among equals the lower id; may be the logits themselves.</param>
    /// <param name="mass">The probability to reach.</param>
    public static void Cut(Span<float> logits, ReadOnlySpan<float> scores, double mass)
    {
        float maximum = TensorPrimitives.Max<float>(logits);
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

        foreach (int id in Outside(ids[..candidates], scores, weights, mass * total))
        {
            logits[id] = float.NegativeInfinity;
        }

        ArrayPool<int>.Shared.Return(rentedIds);
        ArrayPool<double>.Shared.Return(rentedWeights);
    }

    // Orders ids only as far as needed, as quickselect does, and returns those outside the nucleus. An id is inside when the
    // ids that rank before it weigh less than `wanted`. Invariant: everything before `from` is inside and weighs `before`;
    // everything from `to` on is outside.
    private static ReadOnlySpan<int> Outside(Span<int> ids, ReadOnlySpan<float> scores, ReadOnlySpan<double> weights, double wanted)
    {
        int from = 0;
        int to = ids.Length;
        double before = 0;
        while (from < to)
        {
            int split = Partition(ids, from, to, scores);
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
    private static int Partition(Span<int> ids, int from, int to, ReadOnlySpan<float> scores)
    {
        int middle = from + ((to - from) / 2);
        (ids[middle], ids[to - 1]) = (ids[to - 1], ids[middle]);
        int pivot = ids[to - 1];
        int split = from;
        for (int i = from; i < to - 1; i++)
        {
            if (RanksBefore(ids[i], pivot, scores))
            {
                (ids[i], ids[split]) = (ids[split], ids[i]);
                split++;
            }
        }

        (ids[split], ids[to - 1]) = (ids[to - 1], ids[split]);
        return split;
    }

    private static bool RanksBefore(int left, int right, ReadOnlySpan<float> scores) =>
        scores[left] > scores[right] || (scores[left] == scores[right] && left < right);
}
