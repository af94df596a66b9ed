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
        Cut(logits, Count);
    }

    /// <summary>Forbids every token but the likeliest ones and those that tie with the last of them.</summary>
    internal static void Cut(Span<float> logits, int count)
    {
        if (count >= logits.Length)
        {
            return;
        }

        float[] rented = ArrayPool<float>.Shared.Rent(count);
        Span<float> largest = rented.AsSpan(0, count);
        Largest(logits, largest);
        float threshold = largest[0];
        ArrayPool<float>.Shared.Return(rented);
        foreach (ref float logit in logits)
        {
            if (logit < threshold)
            {
                logit = float.NegativeInfinity;
            }
        }
    }

    /// <summary>The largest values, as many as the heap holds, the smallest of them first and the others in no order.</summary>
    internal static void Largest(ReadOnlySpan<float> values, Span<float> heap)
    {
        // A binary heap whose root is the smallest so far: nearly every value is turned away by one comparison with the root.
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
