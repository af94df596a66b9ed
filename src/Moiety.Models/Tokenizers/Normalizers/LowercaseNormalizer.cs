using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary><c>Lowercase</c>: every character becomes its lower case, without regard to its neighbors or the language.</summary>
public sealed class LowercaseNormalizer : Normalizer
{
    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        while (!text.IsEmpty)
        {
            if (text[0] < 0x80)
            {
                output.Add((byte)(text[0] is >= (byte)'A' and <= (byte)'Z' ? text[0] | 0x20 : text[0]));
                text = text[1..];
            }
            else if (Take(ref text, out ReadOnlySpan<byte> bytes, out Rune rune) && UnicodeData.Lower(rune.Value) is { IsEmpty: false } lower)
            {
                foreach (int codePoint in lower)
                {
                    output.Add(new Rune(codePoint));
                }
            }
            else
            {
                output.Add(bytes);
            }
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer) => writer.WriteString("type", "Lowercase");
}
