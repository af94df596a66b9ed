using System.Buffers;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Forbids every token but the k likeliest (Fan et al., arXiv 1805.04833); tokens that tie with the k-th stay. Hugging Face:
/// <c>TopKLogitsWarper</c>.
/// </summary>
public sealed class TopK : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="count">How many tokens stay, at least 1.</param>
    /// <exception cref="InvalidInputException">The count is below 1.</exception>
    public TopK(int count)
    {
        if (count < 1)
        {
            throw new InvalidInputException($"top-k must be at least 1, not {count}.");
        }

        Count = count;
    }

    /// <summary>How many tokens stay.</summary>
    public int Count { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        if (Count >= logits.Length)
        {
            return;
        }

        float[] rented = ArrayPool<float>.Shared.Rent(Count);
        float threshold = LargestOf(logits, rented.AsSpan(0, Count));
        ArrayPool<float>.Shared.Return(rented);
        foreach (ref float logit in logits)
        {
            if (logit < threshold)
            {
                logit = float.NegativeInfinity;
            }
        }
    }

    // The k-th largest value, with a binary heap whose root is the smallest of the k largest so far: nearly every logit is
    // turned away by one comparison with the root.
    private static float LargestOf(ReadOnlySpan<float> values, Span<float> heap)
    {
        values[..heap.Length].CopyTo(heap);
        for (int parent = (heap.Length / 2) - 1; parent >= 0; parent--)
        {
            SiftDown(heap, parent);
        }

        foreach (float value in values[heap.Length..])
        {
            if (value > heap[0])
            {
                heap[0] = value;
                SiftDown(heap, 0);
            }
        }

        return heap[0];
    }

    private static void SiftDown(Span<float> heap, int parent)
    {
        float value = heap[parent];
        while ((2 * parent) + 1 < heap.Length)
        {
            int child = (2 * parent) + 1;
            if (child + 1 < heap.Length && heap[child + 1] < heap[child])
            {
                child++;
            }

            if (value <= heap[child])
            {
                break;
            }

            heap[parent] = heap[child];
            parent = child;
        }

        heap[parent] = value;
    }
}
