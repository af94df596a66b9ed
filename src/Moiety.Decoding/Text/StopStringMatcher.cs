using System.Collections.Immutable;
using System.Text;
using Moiety.Models;

namespace Moiety.Decoding.Text;

/// <summary>
/// Lets text through until a stop string is complete, however the text is cut into pieces. The text ends at the first
/// character that completes a stop string; what lies before that string (the earliest one that ends there) is let through, the
/// string itself never is. Text that could still become a stop string is held back. Comparison is ordinal.
/// </summary>
public sealed class StopStringMatcher
{
    private readonly ImmutableArray<string> _stops;

    // Knuth-Morris-Pratt: _failures[s][n] is the length of the longest proper border of the first n + 1 characters of stop s;
    // _matched[s] is how much of stop s the text so far ends with.
    private readonly int[][] _failures;
    private readonly int[] _matched;
    private readonly StringBuilder _held = new();

    /// <summary>Creates a matcher at the start of a text.</summary>
    /// <param name="stops">The stop strings; may be empty.</param>
    /// <exception cref="InvalidInputException">A stop string is empty.</exception>
    public StopStringMatcher(ImmutableArray<string> stops)
    {
        if (stops.Any(string.IsNullOrEmpty))
        {
            throw new InvalidInputException("a stop string is empty: every text would stop before its first character.");
        }

        _stops = stops;
        _failures = [.. stops.Select(Failures)];
        _matched = new int[stops.Length];
    }

    /// <summary>The stop string that ended the text, or null while there is none.</summary>
    public string? Match { get; private set; }

    /// <summary>Takes the next piece of text.</summary>
    /// <param name="piece">The text; ignored once a stop string has matched.</param>
    /// <param name="passed">Text that is safe to show is appended here.</param>
    /// <returns>Whether the text goes on: false once a stop string is complete.</returns>
    public bool Push(ReadOnlySpan<char> piece, StringBuilder passed)
    {
        ArgumentNullException.ThrowIfNull(passed);
        foreach (char next in piece)
        {
            if (Match is not null)
            {
                return false;
            }

            _held.Append(next);
            int longest = Advance(next);
            Release(_held.Length - longest, passed);
            if (Match is not null)
            {
                _held.Clear();
            }
        }

        return Match is null;
    }

    /// <summary>Ends the text: what was held back in case it became a stop string is let through.</summary>
    /// <param name="passed">The rest of the text is appended here.</param>
    public void Flush(StringBuilder passed)
    {
        ArgumentNullException.ThrowIfNull(passed);
        Release(_held.Length, passed);
        Array.Clear(_matched);
    }

    // Moves every stop string's automaton; returns how much text must stay held back: the longest partial match, or, when a
    // stop string is complete, the longest complete one (everything before it passes).
    private int Advance(char next)
    {
        int partial = 0;
        int complete = 0;
        for (int s = 0; s < _stops.Length; s++)
        {
            string stop = _stops[s];
            int matched = _matched[s];
            while (matched > 0 && stop[matched] != next)
            {
                matched = _failures[s][matched - 1];
            }

            if (stop[matched] == next)
            {
                matched++;
            }

            _matched[s] = matched;
            partial = Math.Max(partial, matched);
            if (matched == stop.Length && matched > complete)
            {
                complete = matched;
                Match = stop;
            }
        }

        return complete > 0 ? complete : partial;
    }

    private void Release(int count, StringBuilder passed)
    {
        if (count > 0)
        {
            passed.Append(_held, 0, count);
            _held.Remove(0, count);
        }
    }

    private static int[] Failures(string stop)
    {
        int[] failures = new int[stop.Length];
        int border = 0;
        for (int n = 1; n < stop.Length; n++)
        {
            while (border > 0 && stop[border] != stop[n])
            {
                border = failures[border - 1];
            }

            if (stop[border] == stop[n])
            {
                border++;
            }

            failures[n] = border;
        }

        return failures;
    }
}
