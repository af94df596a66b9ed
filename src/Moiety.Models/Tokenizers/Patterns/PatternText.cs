using System.Buffers;
using System.Text;

namespace Moiety.Models.Tokenizers.Patterns;

/// <summary>The text of a regular expression and how far it was read.</summary>
internal sealed class PatternText(string text)
{
    /// <summary>The next character to read.</summary>
    public int Position { get; set; }

    /// <summary>Characters that are left.</summary>
    public int Left => text.Length - Position;

    /// <summary>The next character; there must be one.</summary>
    public char First => text[Position];

    /// <summary>The character after the next; there must be one.</summary>
    public char Second => text[Position + 1];

    /// <summary>Takes a character if it comes next.</summary>
    public bool Take(char expected)
    {
        bool found = Peek() == expected;
        Position += found ? 1 : 0;
        return found;
    }

    /// <summary>The next character, or null at the end.</summary>
    public char? Peek() => Left > 0 ? First : null;

    /// <summary>Takes the next character.</summary>
    /// <exception cref="PatternException">There is none.</exception>
    public char Next() => Left > 0 ? text[Position++] : throw Error("it ends too early");

    /// <summary>Takes the next code point.</summary>
    /// <exception cref="PatternException">There is none.</exception>
    public Rune NextRune()
    {
        if (Rune.DecodeFromUtf16(text.AsSpan(Position), out Rune rune, out int length) != OperationStatus.Done)
        {
            throw Error("it ends too early or is not valid Unicode");
        }

        Position += length;
        return rune;
    }

    /// <summary>Whether a text comes next.</summary>
    public bool StartsWith(string next) => text.AsSpan(Position).StartsWith(next);

    /// <summary>Where a character is next, or -1.</summary>
    public int Find(char character) => text.IndexOf(character, Position);

    /// <summary>The next characters; there must be as many.</summary>
    public ReadOnlySpan<char> Span(int length) => text.AsSpan(Position, length);

    /// <summary>The text up to a place, without some characters at its start.</summary>
    public string To(int end, int skipped = 0) => text[(Position + skipped)..end];

    /// <summary>An error here.</summary>
    public PatternException Error(string reason) => new($"{reason} (at character {Position})");
}
