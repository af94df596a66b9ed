namespace Moiety.Models.Tokenizers;

/// <summary>
/// The pattern of GPT-4 and Llama 3, and with single digits that of Qwen 2: contractions in any case, letters with any one
/// character before them, digits in short groups, line breaks kept together.
/// </summary>
public sealed class Llama3PreTokenizer : PreTokenizer
{
    private readonly int _digits;

    /// <summary>Creates the pattern.</summary>
    /// <param name="digits">Most digits in one word: 3 in Llama 3, 1 in Qwen 2.</param>
    public Llama3PreTokenizer(int digits = 3)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(digits, 1);
        _digits = digits;
    }

    /// <inheritdoc/>
    public override string Pattern =>
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|" + (_digits == 1 ? @"\p{N}" : $@"\p{{N}}{{1,{_digits}}}")
        + @"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    /// <inheritdoc/>
    public override int NextLength(ReadOnlySpan<byte> text)
    {
        int contraction = Contraction(text);
        if (contraction > 0)
        {
            return contraction;
        }

        CharacterClass first = CharacterClasses.At(text, 0, out int firstLength);
        if (first == CharacterClass.Letter)
        {
            return CharacterClasses.EndOfRun(text, firstLength, CharacterClass.Letter);
        }

        if (first == CharacterClass.Number)
        {
            return DigitsLength(text);
        }

        CharacterClass second = firstLength < text.Length ? CharacterClasses.At(text, firstLength, out _) : CharacterClass.LineBreak;
        if (first != CharacterClass.LineBreak && second == CharacterClass.Letter)
        {
            return CharacterClasses.EndOfRun(text, firstLength, CharacterClass.Letter);
        }

        if (first == CharacterClass.Other || (text[0] == ' ' && second == CharacterClass.Other))
        {
            int end = CharacterClasses.EndOfRun(text, firstLength, CharacterClass.Other);
            return CharacterClasses.EndOfRun(text, end, CharacterClass.LineBreak);
        }

        int lastBreak = EndOfLastLineBreak(text);
        return lastBreak > 0 ? lastBreak : CharacterClasses.SpaceLength(text);
    }

    private int DigitsLength(ReadOnlySpan<byte> text)
    {
        int end = 0;
        for (int i = 0; i < _digits && end < text.Length && CharacterClasses.At(text, end, out int length) == CharacterClass.Number; i++)
        {
            end += length;
        }

        return end;
    }

    // \s*[\r\n]+ ends after the last line break of the run of spaces.
    private static int EndOfLastLineBreak(ReadOnlySpan<byte> text)
    {
        int lastBreak = 0;
        int end = 0;
        while (end < text.Length)
        {
            CharacterClass value = CharacterClasses.At(text, end, out int length);
            if (!value.IsSpace())
            {
                break;
            }

            end += length;
            lastBreak = value == CharacterClass.LineBreak ? end : lastBreak;
        }

        return lastBreak;
    }

    private static int Contraction(ReadOnlySpan<byte> text)
    {
        if (text.Length < 2 || text[0] != '\'')
        {
            return 0;
        }

        int second = text[1] | 0x20;
        if (second is 's' or 't' or 'm' or 'd')
        {
            return 2;
        }

        // U+017F, the long s, is an s when case is ignored.
        if (text.Length > 2 && text[1] == 0xC5 && text[2] == 0xBF)
        {
            return 3;
        }

        int third = text.Length > 2 ? text[2] | 0x20 : 0;
        return (second, third) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? 3 : 0;
    }
}
