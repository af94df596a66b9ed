using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary><c>ByteLevel</c>: pieces spell bytes in GPT-2's printable alphabet.</summary>
public sealed class ByteLevelDecoder : TokenDecoder
{
    /// <inheritdoc/>
    internal override byte[] Decode(byte[] piece, bool first, bool fused) => ByteAlphabet.Read(Encoding.UTF8.GetString(piece));

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "ByteLevel");
        writer.WriteBoolean("add_prefix_space", true);
        writer.WriteBoolean("trim_offsets", true);
        writer.WriteBoolean("use_regex", true);
    }
}
