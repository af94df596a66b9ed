using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary><c>Fuse</c>: puts all tokens together; the decoders after it see one text.</summary>
public sealed class FuseDecoder : TokenDecoder
{
    /// <inheritdoc/>
    internal override byte[] Decode(byte[] piece, bool first, bool fused) => piece;

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer) => writer.WriteString("type", "Fuse");
}
