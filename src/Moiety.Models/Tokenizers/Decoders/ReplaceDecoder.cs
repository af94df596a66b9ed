using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary><c>Replace</c>: something else in place of every occurrence of a text in a token.</summary>
public sealed class ReplaceDecoder(string pattern, string content) : TokenDecoder
{
    private readonly byte[] _from = Encoding.UTF8.GetBytes(pattern);
    private readonly byte[] _to = Encoding.UTF8.GetBytes(content);

    /// <summary>What is replaced; not empty.</summary>
    public string Pattern => pattern;

    /// <summary>What takes its place.</summary>
    public string Content => content;

    /// <inheritdoc/>
    internal override byte[] Decode(byte[] piece, bool first, bool fused) => Replace(piece, _from, _to);

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Replace");
        writer.WriteStartObject("pattern");
        writer.WriteString("String", pattern);
        writer.WriteEndObject();
        writer.WriteString("content", content);
    }
}
