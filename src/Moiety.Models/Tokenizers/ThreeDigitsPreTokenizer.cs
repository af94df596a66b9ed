namespace Moiety.Models.Tokenizers;

/// <summary>Sets groups of three ASCII digits apart, counted from the left (Falcon).</summary>
public sealed class ThreeDigitsPreTokenizer : PreTokenizer
{
    /// <inheritdoc/>
    public override string Pattern => "[0-9][0-9][0-9]";

    /// <inheritdoc/>
    public override int NextLength(ReadOnlySpan<byte> text)
    {
        int digits = 0;
        for (int i = 0; i < text.Length; i++)
        {
            digits = char.IsAsciiDigit((char)text[i]) ? digits + 1 : 0;
            if (digits == 3)
            {
                return i == 2 ? 3 : i - 2;
            }
        }

        return text.Length;
    }
}
