using System.Buffers;
using System.Text;
using Moiety.Models.Tokenizers.Normalizers;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary><c>BertPreTokenizer</c>: words between white space, which is dropped, with every punctuation mark a word of its own.</summary>
public sealed class BertPreTokenizer : PreTokenizer
{
    private enum Kind
    {
        Word,
        Space,
        Mark,
    }

    /// <inheritdoc/>
    public override string Pattern => @"\s+|[\p{P}$+<=>^`|~]|[^\s\p{P}$+<=>^`|~]+";

    /// <inheritdoc/>
    public override int NextLength(ReadOnlySpan<byte> text)
    {
        Kind kind = KindAt(text, 0, out int end);
        if (kind == Kind.Mark)
        {
            return end;
        }

        while (end < text.Length && KindAt(text, end, out int length) == kind)
        {
            end += length;
        }

        return end;
    }

    /// <inheritdoc/>
    public override bool Drops(ReadOnlySpan<byte> word) => KindAt(word, 0, out _) == Kind.Space;

    private static Kind KindAt(ReadOnlySpan<byte> text, int position, out int length)
    {
        if (text[position] < 0x80)
        {
            length = 1;
            char c = (char)text[position];
            return char.IsWhiteSpace(c) ? Kind.Space : char.IsAsciiLetterOrDigit(c) || c < ' ' || c == 0x7F ? Kind.Word : Kind.Mark;
        }

        bool valid = Rune.DecodeFromUtf8(text[position..], out Rune rune, out length) == OperationStatus.Done;
        return !valid ? Kind.Word : Rune.IsWhiteSpace(rune) ? Kind.Space : UnicodeData.IsPunctuation(rune) ? Kind.Mark : Kind.Word;
    }
}
