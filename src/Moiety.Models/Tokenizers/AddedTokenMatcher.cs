using System.Buffers;
using System.Text;
using Moiety.Models.Tokenizers.Normalizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Finds added tokens in text, from left to right, of those that begin at one place the longest. A token that must stand alone and
/// does not is passed over; so are shorter ones in its place, as in Hugging Face's library.
/// </summary>
internal sealed class AddedTokenMatcher
{
    private readonly Dictionary<(int Node, byte Next), int> _edges = [];
    private readonly List<AddedToken?> _ends = [null];
    private readonly SearchValues<byte> _first;

    private AddedTokenMatcher(IEnumerable<(AddedToken Token, byte[] Content)> tokens)
    {
        HashSet<byte> first = [];
        foreach ((AddedToken token, byte[] content) in tokens)
        {
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

    /// <summary>Builds the trie, or gives null when there is nothing to find. Of two tokens with the same content the first one counts.</summary>
    /// <param name="tokens">The tokens.</param>
    /// <param name="normalizer">What the text went through and their contents go through too, or null.</param>
    public static AddedTokenMatcher? Create(IEnumerable<AddedToken> tokens, Normalizer? normalizer)
    {
        (AddedToken Token, byte[] Content)[] contents =
        [
            .. tokens.Select(token => (token, Encoding.UTF8.GetBytes(normalizer?.Apply(token.Content) ?? token.Content)))
                .Where(entry => entry.Item2.Length > 0),
        ];
        return contents.Length == 0 ? null : new AddedTokenMatcher(contents);
    }

    /// <summary>Finds the next added token, with the spaces that it takes.</summary>
    /// <param name="text">The whole text.</param>
    /// <param name="special">Whether control tokens are found.</param>
    /// <param name="position">How far the search went; starts as the default.</param>
    /// <param name="match">Its place and id.</param>
    public bool TryFind(ReadOnlySpan<byte> text, bool special, ref Position position, out Match match)
    {
        int start = position.Next;
        while (start < text.Length)
        {
            int skip = text[start..].IndexOfAny(_first);
            if (skip < 0)
            {
                break;
            }

            start += skip;
            if (Longest(text, start, special) is not var (end, token))
            {
                start++;
                continue;
            }

            if (token.SingleWord && !StandsAlone(text, start, end))
            {
                start = end;
                continue;
            }

            int from = token.LeftStrip ? StripLeft(text, start, position.Done) : start;
            // What the last token took after itself is all white space: it is not gone through again.
            int to = token.RightStrip ? StripRight(text, Math.Max(end, position.Done)) : end;
            position = new Position(end, to);
            match = new Match(from, to, token.Id);
            return true;
        }

        match = default;
        return false;
    }

    private (int End, AddedToken Token)? Longest(ReadOnlySpan<byte> text, int start, bool special)
    {
        (int, AddedToken)? longest = null;
        int node = 0;
        for (int at = start; at < text.Length && _edges.TryGetValue((node, text[at]), out node); at++)
        {
            if (_ends[node] is { } token && (special || !token.Special))
            {
                longest = (at + 1, token);
            }
        }

        return longest;
    }

    private static bool StandsAlone(ReadOnlySpan<byte> text, int start, int end) =>
        (start == 0 || !UnicodeData.IsWord(LastRune(text[..start])))
        && (end == text.Length || !UnicodeData.IsWord(FirstRune(text[end..])));

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

    private static int StripLeft(ReadOnlySpan<byte> text, int start, int least)
    {
        while (start > least && Rune.DecodeLastFromUtf8(text[..start], out Rune rune, out int length) == OperationStatus.Done && Rune.IsWhiteSpace(rune))
        {
            start -= length;
        }

        return Math.Max(start, least);
    }

    private static int StripRight(ReadOnlySpan<byte> text, int end)
    {
        while (end < text.Length && Rune.DecodeFromUtf8(text[end..], out Rune rune, out int length) == OperationStatus.Done && Rune.IsWhiteSpace(rune))
        {
            end += length;
        }

        return end;
    }

    /// <summary>How far a search went.</summary>
    /// <param name="Next">Where the next token may begin.</param>
    /// <param name="Done">The end of the last one, with the spaces that it took.</param>
    public readonly record struct Position(int Next, int Done);

    /// <summary>A token that was found.</summary>
    /// <param name="Start">Where it begins, with the spaces before it.</param>
    /// <param name="End">Where it ends, with the spaces after it.</param>
    /// <param name="Id">The token.</param>
    public readonly record struct Match(int Start, int End, int Id);
}
