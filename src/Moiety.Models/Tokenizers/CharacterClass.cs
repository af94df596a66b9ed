using System.Globalization;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>What the pre-tokenizers' patterns distinguish in a character.</summary>
internal enum CharacterClass : byte
{
    /// <summary>None of the others, a byte that is not UTF-8 included.</summary>
    Other,

    /// <summary><c>\p{L}</c>.</summary>
    Letter,

    /// <summary><c>\p{N}</c>.</summary>
    Number,

    /// <summary><c>\s</c> but not a line break.</summary>
    Space,

    /// <summary>Carriage return or line feed.</summary>
    LineBreak,
}

/// <summary>Reads UTF-8 character by character and classifies it.</summary>
internal static class CharacterClasses
{
    private static readonly CharacterClass[] Ascii = [.. Enumerable.Range(0, 128).Select(c => Classify(new Rune(c)))];

    /// <summary>Class and length in bytes of the character at a position. Ill-formed bytes are <see cref="CharacterClass.Other"/>.</summary>
    public static CharacterClass At(ReadOnlySpan<byte> text, int position, out int length)
    {
        byte first = text[position];
        if (first < 0x80)
        {
            length = 1;
            return Ascii[first];
        }

        return Rune.DecodeFromUtf8(text[position..], out Rune rune, out length) == System.Buffers.OperationStatus.Done
            ? Classify(rune)
            : CharacterClass.Other;
    }

    /// <summary>Whether the class belongs to <c>\s</c>.</summary>
    public static bool IsSpace(this CharacterClass value) => value >= CharacterClass.Space;

    /// <summary>The end of the run of characters of one class that covers <paramref name="position"/>.</summary>
    public static int EndOfRun(ReadOnlySpan<byte> text, int position, CharacterClass value)
    {
        while (position < text.Length && At(text, position, out int length) == value)
        {
            position += length;
        }

        return position;
    }

    /// <summary>
    /// The length of <c>\s+(?!\S)|\s+</c> at the start of a text that begins with a space: the whole run at the end of the text, else
    /// all but its last character, which belongs to the word that follows, unless it is the only one.
    /// </summary>
    public static int SpaceLength(ReadOnlySpan<byte> text)
    {
        int end = 0;
        int last = 0;
        while (end < text.Length && At(text, end, out int length).IsSpace())
        {
            last = end;
            end += length;
        }

        return end == text.Length || last == 0 ? end : last;
    }

    private static CharacterClass Classify(Rune rune)
    {
        if (rune.Value is '\r' or '\n')
        {
            return CharacterClass.LineBreak;
        }

        if (Rune.IsWhiteSpace(rune))
        {
            return CharacterClass.Space;
        }

        return CharUnicodeInfo.GetUnicodeCategory(rune.Value) switch
        {
            <= UnicodeCategory.OtherLetter => CharacterClass.Letter,
            UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber => CharacterClass.Number,
            _ => CharacterClass.Other,
        };
    }
}
