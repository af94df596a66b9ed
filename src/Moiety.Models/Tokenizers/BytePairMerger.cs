using System.Buffers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Byte-pair encoding of one word (Sennrich et al., arXiv 1508.07909): merges the neighboring pair of the lowest rank, the leftmost
/// among equals, until none is left. Short words are scanned; long ones use a queue of places for each rank, in O(n log n).
/// </summary>
internal static class BytePairMerger
{
    private const int LongestScanned = 96;
    private const int NoMerge = int.MaxValue;

    /// <summary>Merges in place.</summary>
    /// <returns>The number of symbols that are left, at the front of the span.</returns>
    public static int Merge(Span<int> symbols, MergeTable merges) => symbols.Length switch
    {
        <= 1 => symbols.Length,
        <= LongestScanned => MergeByScan(symbols, merges),
        _ => MergeByQueue(symbols, merges),
    };

    private static int MergeByScan(Span<int> symbols, MergeTable merges)
    {
        Span<int> ranks = stackalloc int[LongestScanned];
        Span<int> results = stackalloc int[LongestScanned];
        int count = symbols.Length;
        for (int i = 0; i + 1 < count; i++)
        {
            Look(symbols, i, merges, ranks, results);
        }

        while (count > 1)
        {
            int best = 0;
            for (int i = 1; i + 1 < count; i++)
            {
                best = ranks[i] < ranks[best] ? i : best;
            }

            if (ranks[best] == NoMerge)
            {
                break;
            }

            symbols[best] = results[best];
            symbols[(best + 2)..count].CopyTo(symbols[(best + 1)..]);
            ranks[(best + 1)..(count - 1)].CopyTo(ranks[best..]);
            results[(best + 1)..(count - 1)].CopyTo(results[best..]);
            count--;
            if (best > 0)
            {
                Look(symbols, best - 1, merges, ranks, results);
            }

            if (best + 1 < count)
            {
                Look(symbols, best, merges, ranks, results);
            }
        }

        return count;
    }

    private static void Look(Span<int> symbols, int at, MergeTable merges, Span<int> ranks, Span<int> results)
    {
        bool found = merges.TryGet(symbols[at], symbols[at + 1], out int rank, out int result);
        ranks[at] = found ? rank : NoMerge;
        results[at] = result;
    }

    private static int MergeByQueue(Span<int> symbols, MergeTable merges)
    {
        int length = symbols.Length;
        int[] links = ArrayPool<int>.Shared.Rent(2 * length);
        Span<int> next = links.AsSpan(0, length);
        Span<int> previous = links.AsSpan(length, length);
        for (int i = 0; i < length; i++)
        {
            next[i] = i + 1;
            previous[i] = i - 1;
        }

        MergeQueue queue = new();
        for (int i = 0; i + 1 < length; i++)
        {
            Offer(queue, merges, symbols, i, i + 1);
        }

        while (queue.TryTake(out int rank, out int place))
        {
            // The pair may have changed since: then its new rank, if any, is in the queue too.
            int right = next[place];
            if (symbols[place] < 0 || right >= length
                || !merges.TryGet(symbols[place], symbols[right], out int current, out int result) || current != rank)
            {
                continue;
            }

            symbols[place] = result;
            symbols[right] = -1;
            int after = next[right];
            next[place] = after;
            if (previous[place] >= 0)
            {
                Offer(queue, merges, symbols, previous[place], place);
            }

            if (after < length)
            {
                previous[after] = place;
                Offer(queue, merges, symbols, place, after);
            }
        }

        ArrayPool<int>.Shared.Return(links);
        int count = 0;
        foreach (int symbol in symbols)
        {
            if (symbol >= 0)
            {
                symbols[count++] = symbol;
            }
        }

        return count;
    }

    private static void Offer(MergeQueue queue, MergeTable merges, Span<int> symbols, int left, int right)
    {
        if (merges.TryGet(symbols[left], symbols[right], out int rank, out _))
        {
            queue.Add(rank, left);
        }
    }
}
