using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>
/// <c>Precompiled</c>: SentencePiece's table of replacements as Hugging Face's library applies it, which is not quite as SentencePiece
/// does: a user-perceived character of less than six bytes is replaced as a whole by the rule of its shortest beginning that has one,
/// others character by character.
/// </summary>
public sealed class PrecompiledNormalizer(CharacterMap map) : Normalizer
{
    private const int LongestWhole = 5;

    /// <summary>The table.</summary>
    public CharacterMap Map => map;

    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        // The library sees text only, so what is not UTF-8 passes, and what is between is cut into characters.
        while (!text.IsEmpty)
        {
            // CR and LF are one character together.
            int plain = map.PlainLength(text);
            if (plain > 1 && text[..plain].IndexOf((byte)'\r') < 0)
            {
                plain = plain == text.Length ? plain : plain - 1;
                output.Add(text[..plain]);
                text = text[plain..];
                continue;
            }

            int valid = ValidLength(text);
            NormalizeValid(Encoding.UTF8.GetString(text[..valid]), ref output);
            text = text[valid..];
            if (!text.IsEmpty)
            {
                output.Add(text[0]);
                text = text[1..];
            }
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Precompiled");
        writer.WriteBase64String("precompiled_charsmap", map.Contents.Span);
    }

    private void NormalizeValid(ReadOnlySpan<char> text, ref ByteBuffer output)
    {
        Span<byte> bytes = stackalloc byte[3 * LongestWhole];
        while (!text.IsEmpty)
        {
            int length = text.Length > 1 && text[0] < 0x80 && text[1] < 0x80 && text[0] != '\r' ? 1 : StringInfo.GetNextTextElementLength(text);
            if (length <= LongestWhole)
            {
                Span<byte> whole = bytes[..Encoding.UTF8.GetBytes(text[..length], bytes)];
                if (whole.Length <= LongestWhole && map.TryReplaceShortest(whole, out ReadOnlySpan<byte> replacement))
                {
                    output.Add(replacement);
                    text = text[length..];
                    continue;
                }
            }

            foreach (Rune rune in text[..length].EnumerateRunes())
            {
                Span<byte> character = bytes[..rune.EncodeToUtf8(bytes)];
                output.Add(map.TryReplaceShortest(character, out ReadOnlySpan<byte> replacement) ? replacement : character);
            }

            text = text[length..];
        }
    }
}
