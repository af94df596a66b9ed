using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary><c>WordPiece</c>: a space before every piece but the first, unless it continues a word.</summary>
public sealed class WordPieceDecoder(string prefix, bool cleansUp) : TokenDecoder
{
    /// <summary>What marks a piece that continues a word.</summary>
    public string Prefix => prefix;

    /// <summary>Whether the spaces before punctuation and contracted endings are dropped.</summary>
    public bool CleansUp => cleansUp;

    /// <inheritdoc/>
    internal override bool MindsFirst => true;

    /// <inheritdoc/>
    internal override byte[] Decode(byte[] piece, bool first, bool fused)
    {
        string text = Encoding.UTF8.GetString(piece);
        text = first ? text : text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : $" {text}";
        return Encoding.UTF8.GetBytes(cleansUp ? CleanUp(text) : text);
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "WordPiece");
        writer.WriteString("prefix", prefix);
        writer.WriteBoolean("cleanup", cleansUp);
    }

    // The library's rules, in its order, applied to each token.
    private static string CleanUp(string text) => text
        .Replace(" .", ".", StringComparison.Ordinal)
        .Replace(" ?", "?", StringComparison.Ordinal)
        .Replace(" !", "!", StringComparison.Ordinal)
        .Replace(" ,", ",", StringComparison.Ordinal)
        .Replace(" ' ", "'", StringComparison.Ordinal)
        .Replace(" n't", "n't", StringComparison.Ordinal)
        .Replace(" 'm", "'m", StringComparison.Ordinal)
        .Replace(" do not", " don't", StringComparison.Ordinal)
        .Replace(" 's", "'s", StringComparison.Ordinal)
        .Replace(" 've", "'ve", StringComparison.Ordinal)
        .Replace(" 're", "'re", StringComparison.Ordinal);
}
