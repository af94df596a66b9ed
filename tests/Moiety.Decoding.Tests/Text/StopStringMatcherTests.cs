using System.Text;
using CsCheck;
using Moiety.Decoding.Text;
using Moiety.Models;

namespace Moiety.Decoding.Tests.Text;

/// <summary>Stop strings are found as in the whole text, however it arrives, and never shown, not even in part.</summary>
public class StopStringMatcherTests
{
    // Two letters make overlapping and nested matches frequent.
    private static readonly Gen<string> Word = Gen.Char["ab"].Array[1, 5].Select(characters => new string(characters));

    private static readonly Gen<string[]> Pieces = Gen.Char["abc"].Array[0, 4].Select(characters => new string(characters)).Array[0, 20];

    [Fact]
    public void One_stop_string_cuts_where_IndexOf_finds_it() =>
        Gen.Select(Pieces, Word).Sample((pieces, stop) =>
        {
            string text = string.Concat(pieces);
            int at = text.IndexOf(stop, StringComparison.Ordinal);
            (string shown, string? match) = Run(pieces, stop);
            Assert.Equal(at < 0 ? text : text[..at], shown);
            Assert.Equal(at < 0 ? null : stop, match);
        });

    [Fact]
    public void Of_several_stop_strings_the_first_to_be_complete_cuts() =>
        Gen.Select(Pieces, Word.Array[0, 4]).Sample((pieces, stops) =>
        {
            // The obvious way: the shortest beginning of the text that ends with a stop string.
            string text = string.Concat(pieces);
            string expected = text;
            string? expectedMatch = null;
            for (int length = 1; length <= text.Length && expectedMatch is null; length++)
            {
                expectedMatch = stops.Where(text[..length].EndsWith).MaxBy(stop => stop.Length);
                expected = expectedMatch is null ? text : text[..(length - expectedMatch.Length)];
            }

            (string shown, string? match) = Run(pieces, stops);
            Assert.Equal(expected, shown);
            Assert.Equal(expectedMatch, match);
        });

    [Fact]
    public void Text_is_shown_as_soon_as_it_cannot_become_a_stop_string()
    {
        StopStringMatcher matcher = new(["<end>"]);
        StringBuilder shown = new();
        Assert.True(matcher.Push("one <e", shown));
        Assert.Equal("one ", shown.ToString());
        Assert.True(matcher.Push("x", shown));
        Assert.Equal("one <ex", shown.ToString());
        Assert.False(matcher.Push(" <end> two", shown));
        Assert.Equal("one <ex ", shown.ToString());
        Assert.False(matcher.Push("three", shown));
        matcher.Flush(shown);
        Assert.Equal("one <ex ", shown.ToString());
    }

    [Fact]
    public void An_empty_stop_string_is_refused() => Assert.Throws<InvalidInputException>(() => new StopStringMatcher(["a", ""]));

    private static (string Shown, string? Match) Run(string[] pieces, params string[] stops)
    {
        StopStringMatcher matcher = new([.. stops]);
        StringBuilder shown = new();
        string whole = string.Concat(pieces);
        foreach (string piece in pieces)
        {
            matcher.Push(piece, shown);
            Assert.StartsWith(shown.ToString(), whole, StringComparison.Ordinal);
        }

        matcher.Flush(shown);
        return (shown.ToString(), matcher.Match);
    }
}
