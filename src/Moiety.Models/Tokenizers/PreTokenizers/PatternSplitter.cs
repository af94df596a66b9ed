using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>Splits words at the matches of a pattern.</summary>
/// <param name="pattern">The pattern.</param>
/// <param name="behavior">What becomes of the matches.</param>
/// <param name="invert">Whether what lies between the matches counts as a match, and the other way round.</param>
internal sealed class PatternSplitter(Pattern pattern, SplitBehavior behavior, bool invert = false)
{
    /// <summary>The pattern.</summary>
    public Pattern Pattern => pattern;

    /// <summary>Splits every word.</summary>
    public void Apply(ref WordList words)
    {
        words.BeginStage();
        while (words.TryNext(out int start, out int end))
        {
            Cut(words.Text[start..end], start, ref words);
        }
    }

    /// <summary>Adds the parts of one word.</summary>
    public void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words)
    {
        if (behavior is SplitBehavior.Isolated or SplitBehavior.Removed)
        {
            Isolate(word, offset, ref words);
        }
        else
        {
            Merge(word, offset, ref words);
        }
    }

    private void Isolate(ReadOnlySpan<byte> word, int offset, ref WordList words)
    {
        bool keepsMatches = behavior == SplitBehavior.Isolated || invert;
        bool keepsOthers = behavior == SplitBehavior.Isolated || !invert;
        PatternScan scan = pattern.Scan(word);
        int last = 0;
        while (scan.TryNext(out int start, out int end))
        {
            if (keepsOthers)
            {
                words.Add(offset + last, offset + start);
            }

            if (keepsMatches)
            {
                words.Add(offset + start, offset + end);
            }

            last = end;
        }

        if (keepsOthers)
        {
            words.Add(offset + last, offset + word.Length);
        }

        scan.Dispose();
    }

    // As the library does it: a list of pieces first, in which even empty matches count.
    private void Merge(ReadOnlySpan<byte> word, int offset, ref WordList words)
    {
        List<(int Start, int End, bool IsMatch)> pieces = Pieces(word);
        List<(int Start, int End)> parts = [];
        bool afterMatch = false;
        bool backwards = behavior == SplitBehavior.MergedWithNext;
        for (int i = 0; i < pieces.Count; i++)
        {
            (int start, int end, bool isMatch) = pieces[backwards ? pieces.Count - 1 - i : i];
            bool joins = behavior == SplitBehavior.Contiguous ? isMatch == afterMatch : isMatch && !afterMatch;
            if (!joins || parts.Count == 0)
            {
                parts.Add((start, end));
            }
            else
            {
                parts[^1] = backwards ? (start, parts[^1].End) : (parts[^1].Start, end);
            }

            afterMatch = isMatch;
        }

        for (int i = 0; i < parts.Count; i++)
        {
            (int start, int end) = parts[backwards ? parts.Count - 1 - i : i];
            words.Add(offset + start, offset + end);
        }
    }

    private List<(int Start, int End, bool IsMatch)> Pieces(ReadOnlySpan<byte> word)
    {
        List<(int, int, bool)> pieces = [];
        PatternScan scan = pattern.Scan(word);
        int last = 0;
        while (scan.TryNext(out int start, out int end))
        {
            if (last < start)
            {
                pieces.Add((last, start, invert));
            }

            pieces.Add((start, end, !invert));
            last = end;
        }

        if (last < word.Length)
        {
            pieces.Add((last, word.Length, invert));
        }

        scan.Dispose();
        return pieces;
    }
}
