using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary><c>Prepend</c>: puts something before a text that is not empty.</summary>
public sealed class PrependNormalizer(string content) : Normalizer
{
    private readonly byte[] _content = Encoding.UTF8.GetBytes(content);

    /// <summary>What comes before.</summary>
    public string Content => content;

    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        if (!text.IsEmpty)
        {
            output.Add(_content);
            output.Add(text);
        }
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Prepend");
        writer.WriteString("prepend", content);
    }
}
