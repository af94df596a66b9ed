using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary><c>Metaspace</c>: marks become spaces; those of the first token are dropped when encoding put one there.</summary>
public sealed class MetaspaceDecoder(char mark, string prependScheme) : TokenDecoder
{
    private readonly byte[] _mark = Encoding.UTF8.GetBytes([mark]);

    /// <summary>What stands for a space.</summary>
    public char Mark => mark;

    /// <summary>When encoding puts a mark first: <c>always</c>, <c>first</c> or <c>never</c>.</summary>
    public string PrependScheme => prependScheme;

    /// <inheritdoc/>
    internal override bool MindsFirst => prependScheme != "never";

    /// <inheritdoc/>
    internal override byte[] Decode(byte[] piece, bool first, bool fused) => Replace(piece, _mark, first && MindsFirst ? ""u8 : " "u8);

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Metaspace");
        writer.WriteString("replacement", mark.ToString());
        writer.WriteString("prepend_scheme", prependScheme);
        writer.WriteBoolean("split", true);
    }
}
