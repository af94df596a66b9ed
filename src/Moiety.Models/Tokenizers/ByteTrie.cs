namespace Moiety.Models.Tokenizers;

/// <summary>
/// Byte strings with a value each, searched byte by byte. The children of a node lie side by side in the order of their bytes, so
/// that a node costs nine bytes and a step is a search among a few neighbors.
/// </summary>
internal sealed class ByteTrie
{
    /// <summary>The node of the empty string.</summary>
    public const int Root = 0;

    // The largest published vocabularies spell 2 MB.
    private const int MostBytes = 32 << 20;

    private readonly int[] _firstChildren;
    private readonly byte[] _labels;
    private readonly int[] _values;
    private readonly int[] _rootChildren = new int[256];

    /// <summary>Builds the trie.</summary>
    /// <param name="entries">Strings that are not empty, and values from 0. Of equal strings the last counts.</param>
    /// <exception cref="InvalidInputException">The strings are too long together.</exception>
    public ByteTrie(IEnumerable<(byte[] Key, int Value)> entries)
    {
        // OrderBy is stable, so the last of equal strings stays last.
        (byte[] Key, int Value)[] sorted = [.. entries.OrderBy(entry => entry.Key, Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b)))];
        long bytes = sorted.Sum(entry => (long)entry.Key.Length);
        if (bytes > MostBytes)
        {
            throw new InvalidInputException($"The pieces of the vocabulary have {bytes} bytes together; up to {MostBytes} are supported.");
        }

        List<int> firstChildren = [];
        List<byte> labels = [0];
        List<int> values = [];
        List<(int Low, int High, int Depth)> ranges = [(0, sorted.Length, 0)];
        for (int node = 0; node < ranges.Count; node++)
        {
            (int low, int high, int depth) = ranges[node];
            int value = -1;
            while (low < high && sorted[low].Key.Length == depth)
            {
                value = sorted[low++].Value;
            }

            values.Add(value);
            firstChildren.Add(ranges.Count);
            while (low < high)
            {
                byte label = sorted[low].Key[depth];
                int end = low + 1;
                while (end < high && sorted[end].Key[depth] == label)
                {
                    end++;
                }

                labels.Add(label);
                ranges.Add((low, end, depth + 1));
                low = end;
            }
        }

        firstChildren.Add(ranges.Count);
        _firstChildren = [.. firstChildren];
        _labels = [.. labels];
        _values = [.. values];
        Array.Fill(_rootChildren, -1);
        for (int child = _firstChildren[0]; child < _firstChildren[1]; child++)
        {
            _rootChildren[_labels[child]] = child;
        }
    }

    /// <summary>The node one byte further, or -1.</summary>
    public int Child(int node, byte label)
    {
        if (node == Root)
        {
            return _rootChildren[label];
        }

        int first = _firstChildren[node];
        int at = _labels.AsSpan(first, _firstChildren[node + 1] - first).IndexOf(label);
        return at < 0 ? -1 : first + at;
    }

    /// <summary>The value of the string that ends at a node, or -1.</summary>
    public int Value(int node) => _values[node];

    /// <summary>Finds the longest string that a text begins with.</summary>
    /// <returns>Its length and value, or 0 and -1.</returns>
    public (int Length, int Value) Longest(ReadOnlySpan<byte> text)
    {
        (int, int) longest = (0, -1);
        int node = Root;
        for (int i = 0; i < text.Length && Child(node, text[i]) is >= 0 and int child; i++)
        {
            node = child;
            if (_values[node] is >= 0 and int value)
            {
                longest = (i + 1, value);
            }
        }

        return longest;
    }
}
