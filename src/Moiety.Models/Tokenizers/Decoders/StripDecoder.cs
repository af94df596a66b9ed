using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary>
/// <c>Strip</c>: drops up to a number of characters from the start and the end of every token, or of the whole text after
/// <see cref="FuseDecoder"/>, there from the start only.
/// </summary>
public sealed class StripDecoder(Rune content, int start, int stop) : TokenDecoder
{
    /// <summary>The character.</summary>
    public Rune Content => content;

    /// <summary>How many at the start.</summary>
    public int Start => start;

    /// <summary>How many at the end.</summary>
    public int Stop => stop;

    /// <inheritdoc/>
    internal override bool MindsFirst => true;

    /// <inheritdoc/>
    internal override byte[] Decode(byte[] piece, bool first, bool fused)
    {
        Span<byte> character = stackalloc byte[4];
        character = character[..content.EncodeToUtf8(character)];
        ReadOnlySpan<byte> rest = piece;
        for (int i = 0; i < start && (first || !fused) && rest.StartsWith(character); i++)
        {
            rest = rest[character.Length..];
        }

        for (int i = 0; i < stop && !fused && rest.EndsWith(character); i++)
        {
            rest = rest[..^character.Length];
        }

        return rest.Length == piece.Length ? piece : rest.ToArray();
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Strip");
        writer.WriteString("content", content.ToString());
        writer.WriteNumber("start", start);
        writer.WriteNumber("stop", stop);
    }
}
