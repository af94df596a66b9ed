using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary><c>StripAccents</c>: drops combining marks (<c>\p{M}</c>); composed characters must have been decomposed before.</summary>
public sealed class StripAccentsNormalizer : Normalizer
{
    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        while (!text.IsEmpty)
        {
            if (!Take(ref text, out ReadOnlySpan<byte> bytes, out Rune rune) || !UnicodeData.IsMark(rune))
            {
                output.Add(bytes);
            }
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer) => writer.WriteString("type", "StripAccents");
}
