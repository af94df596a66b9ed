using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary><c>Nmt</c>: drops control characters and makes plain spaces of unusual ones, as SentencePiece's <c>nmt</c> rules do.</summary>
public sealed class NmtNormalizer : Normalizer
{
    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        while (!text.IsEmpty)
        {
            bool valid = Take(ref text, out ReadOnlySpan<byte> bytes, out Rune rune);
            if (valid && IsDropped(rune.Value))
            {
                continue;
            }

            output.Add(valid && IsSpace(rune.Value) ? " "u8 : bytes);
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer) => writer.WriteString("type", "Nmt");

    private static bool IsDropped(int codePoint) => codePoint is (>= 0x01 and <= 0x08) or 0x0B or (>= 0x0E and <= 0x1F) or 0x7F or 0x8F or 0x9F;

    private static bool IsSpace(int codePoint) =>
        codePoint is 0x09 or 0x0A or 0x0C or 0x0D or 0x1680 or (>= 0x200B and <= 0x200F) or 0x2028 or 0x2029 or 0x2581 or 0xFEFF or 0xFFFD;
}
