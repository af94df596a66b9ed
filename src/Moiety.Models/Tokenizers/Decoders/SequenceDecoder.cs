using System.Collections.Immutable;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary><c>Sequence</c>: one decoder after the other.</summary>
public sealed class SequenceDecoder(ImmutableArray<TokenDecoder> decoders) : TokenDecoder
{
    // Published tokens stand for a hundred bytes or so.
    private const int LongestPiece = 1 << 16;

    /// <summary>In the order in which they apply.</summary>
    public ImmutableArray<TokenDecoder> Decoders => decoders;

    /// <inheritdoc/>
    internal override bool MindsFirst => decoders.Any(decoder => decoder.MindsFirst);

    /// <inheritdoc/>
    internal override byte[] Decode(byte[] piece, bool first, bool fused)
    {
        foreach (TokenDecoder decoder in decoders)
        {
            piece = decoder.Decode(piece, first, fused);
            fused |= decoder is FuseDecoder;
            if (piece.Length > LongestPiece)
            {
                throw new InvalidInputException($"The tokenizer's decoder makes more than {LongestPiece} bytes of one token. The tokenizer is damaged or malicious.");
            }
        }

        return piece;
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("decoders");
        foreach (TokenDecoder decoder in decoders)
        {
            writer.WriteStartObject();
            decoder.Write(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
