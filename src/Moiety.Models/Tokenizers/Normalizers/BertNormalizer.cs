using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>
/// <c>BertNormalizer</c>, what BERT does to a text (Devlin et al., arXiv 1810.04805, <c>BasicTokenizer</c>): drops control characters,
/// sets CJK ideographs apart, drops accents, lowers the case.
/// </summary>
public sealed class BertNormalizer : Normalizer
{
    private static readonly UnicodeNormalizer Decomposition = new(UnicodeForm.Nfd);
    private static readonly LowercaseNormalizer Lower = new();

    /// <summary>Whether control characters and U+FFFD are dropped and white space becomes plain spaces.</summary>
    public bool CleanText { get; init; } = true;

    /// <summary>Whether CJK ideographs get spaces around them.</summary>
    public bool HandleChineseChars { get; init; } = true;

    /// <summary>Whether accents are dropped; null: when the case is lowered.</summary>
    public bool? StripAccents { get; init; }

    /// <summary>Whether the case is lowered.</summary>
    public bool Lowercase { get; init; } = true;

    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        if (CleanText && Ascii.IsValid(text))
        {
            NormalizeAscii(text, ref output);
            return;
        }

        ByteBuffer from = new(text.Length + 16);
        ByteBuffer to = new(text.Length + 16);
        Clean(text, ref from);
        if (StripAccents ?? Lowercase)
        {
            Decomposition.Normalize(from.Bytes, ref to);
            from.Truncate(0);
            DropAccents(to.Bytes, ref from);
        }

        if (Lowercase)
        {
            Lower.Normalize(from.Bytes, ref output);
        }
        else
        {
            output.Add(from.Bytes);
        }

        from.Dispose();
        to.Dispose();
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "BertNormalizer");
        writer.WriteBoolean("clean_text", CleanText);
        writer.WriteBoolean("handle_chinese_chars", HandleChineseChars);
        if (StripAccents is bool strips)
        {
            writer.WriteBoolean("strip_accents", strips);
        }
        else
        {
            writer.WriteNull("strip_accents");
        }

        writer.WriteBoolean("lowercase", Lowercase);
    }

    private void NormalizeAscii(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        foreach (byte value in text)
        {
            if (value is >= 0x21 and < 0x7F)
            {
                output.Add((byte)(Lowercase && value is >= (byte)'A' and <= (byte)'Z' ? value | 0x20 : value));
            }
            else if (value is (byte)' ' or (byte)'\t' or (byte)'\n' or (byte)'\r')
            {
                output.Add((byte)' ');
            }
        }
    }

    private void Clean(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        while (!text.IsEmpty)
        {
            if (!Take(ref text, out ReadOnlySpan<byte> bytes, out Rune rune))
            {
                output.Add(bytes);
            }
            else if (CleanText && IsDropped(rune))
            {
                continue;
            }
            else if (CleanText && Rune.IsWhiteSpace(rune))
            {
                output.Add((byte)' ');
            }
            else if (HandleChineseChars && IsIdeograph(rune.Value))
            {
                output.Add((byte)' ');
                output.Add(bytes);
                output.Add((byte)' ');
            }
            else
            {
                output.Add(bytes);
            }
        }
    }

    private static void DropAccents(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        while (!text.IsEmpty)
        {
            if (text[0] < 0x80)
            {
                output.Add(text[0]);
                text = text[1..];
            }
            else if (!Take(ref text, out ReadOnlySpan<byte> bytes, out Rune rune) || !UnicodeData.IsBertAccent(rune))
            {
                output.Add(bytes);
            }
        }
    }

    private static bool IsDropped(Rune rune) =>
        rune.Value is not ('\t' or '\n' or '\r') && (rune.Value is 0xFFFD || UnicodeData.IsBertControl(rune));

    // The library's blocks, with its 2B920 where Unicode has 2B820.
    private static bool IsIdeograph(int codePoint) => codePoint
        is (>= 0x4E00 and <= 0x9FFF) or (>= 0x3400 and <= 0x4DBF) or (>= 0x20000 and <= 0x2A6DF) or (>= 0x2A700 and <= 0x2B73F)
        or (>= 0x2B740 and <= 0x2B81F) or (>= 0x2B920 and <= 0x2CEAF) or (>= 0xF900 and <= 0xFAFF) or (>= 0x2F800 and <= 0x2FA1F);
}
