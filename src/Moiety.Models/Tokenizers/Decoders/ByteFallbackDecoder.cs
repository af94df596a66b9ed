using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary>
/// <c>ByteFallback</c>: a piece like <c>&lt;0x0A&gt;</c> stands for a byte. (The library makes one U+FFFD of every byte of a run that is not
/// UTF-8 as a whole; here the characters in it that are whole are kept.)
/// </summary>
public sealed class ByteFallbackDecoder : TokenDecoder
{
    /// <inheritdoc/>
    internal override byte[] Decode(byte[] piece, bool first, bool fused) =>
        piece.Length == 6 && SentencePieceTokenizer.TryReadByte(Encoding.UTF8.GetString(piece), out byte value) ? [value] : piece;

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer) => writer.WriteString("type", "ByteFallback");
}
