using System.Buffers;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>Finds added tokens in text: the leftmost, and the longest of those that begin there.</summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, byte Next), int> _edges = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<byte> _first;

    /// <summary>Builds the trie. Of two tokens with the same content the first one counts.</summary>
    public AddedTokenMatcher(IEnumerable<AddedToken> tokens)
    {
        HashSet<byte> first = [];
        foreach (AddedToken token in tokens)
        {
            byte[] content = Encoding.UTF8.GetBytes(token.Content);
            first.Add(content[0]);
            int node = 0;
            foreach (byte next in content)
            {
                if (!_edges.TryGetValue((node, next), out int child))
                {
                    child = _ends.Count;
                    _edges.Add((node, next), child);
                    _ends.Add(null);
                }

                node = child;
            }

            _ends[node] ??= token;
        }

        _first = SearchValues.Create([.. first]);
    }

    /// <summary>Finds the first added token, with the spaces that it takes.</summary>
    /// <returns>Its place and the token, or null.</returns>
    public (int Start, int End, AddedToken Token)? Find(ReadOnlySpan<byte> text, bool special)
    {
        for (int start = 0; start < text.Length; start++)
        {
            int skip = text[start..].IndexOfAny(_first);
            if (skip < 0)
            {
                return null;
            }

            start += skip;
            if (Longest(text, start, special) is var (end, token))
            {
                return (token.LeftStrip ? StripLeft(text, start) : start, token.RightStrip ? StripRight(text, end) : end, token);
            }
        }

        return null;
    }

    private (int End, AddedToken Token)? Longest(ReadOnlySpan<byte> text, int start, bool special)
    {
        (int, AddedToken)? longest = null;
        int node = 0;
        for (int at = start; at < text.Length && _edges.TryGetValue((node, text[at]), out node); at++)
        {
            if (_ends[node] is { } token && (special || !token.Special) && (!token.SingleWord || StandsAlone(text, start, at + 1)))
            {
                longest = (at + 1, token);
            }
        }

        return longest;
    }

    private static bool StandsAlone(ReadOnlySpan<byte> text, int start, int end) =>
        (start == 0 || !IsWordCharacter(LastRune(text[..start])))
        && (end == text.Length || !IsWordCharacter(FirstRune(text[end..])));

    private static bool IsWordCharacter(Rune rune) => Rune.IsLetterOrDigit(rune) || rune.Value == '_';

    private static Rune LastRune(ReadOnlySpan<byte> text)
    {
        Rune.DecodeLastFromUtf8(text, out Rune rune, out _);
        return rune;
    }

    private static Rune FirstRune(ReadOnlySpan<byte> text)
    {
        Rune.DecodeFromUtf8(text, out Rune rune, out _);
        return rune;
    }

    private static int StripLeft(ReadOnlySpan<byte> text, int start)
    {
        while (start > 0 && Rune.DecodeLastFromUtf8(text[..start], out Rune rune, out int length) == OperationStatus.Done && Rune.IsWhiteSpace(rune))
        {
            start -= length;
        }

        return start;
    }

    private static int StripRight(ReadOnlySpan<byte> text, int end)
    {
        while (end < text.Length && Rune.DecodeFromUtf8(text[end..], out Rune rune, out int length) == OperationStatus.Done && Rune.IsWhiteSpace(rune))
        {
            end += length;
        }

        return end;
    }
}
