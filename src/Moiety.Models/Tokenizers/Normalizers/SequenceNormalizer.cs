using System.Collections.Immutable;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary><c>Sequence</c>: one normalizer after the other.</summary>
public sealed class SequenceNormalizer(ImmutableArray<Normalizer> normalizers) : Normalizer
{
    /// <summary>In the order in which they rewrite.</summary>
    public ImmutableArray<Normalizer> Normalizers => normalizers;

    /// <inheritdoc/>
    internal override void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output)
    {
        if (normalizers.IsEmpty)
        {
            output.Add(text);
            return;
        }

        ByteBuffer from = new(text.Length, output.Limit);
        ByteBuffer to = new(text.Length, output.Limit);
        from.Add(text);
        for (int i = 0; i < normalizers.Length - 1; i++)
        {
            to.Truncate(0);
            normalizers[i].Normalize(from.Bytes, ref to);
            ByteBuffer swapped = from;
            from = to;
            to = swapped;
        }

        normalizers[^1].Normalize(from.Bytes, ref output);
        from.Dispose();
        to.Dispose();
    }

    /// <inheritdoc/>
    internal override void Write(Utf8JsonWriter writer)
    {
        writer.WriteString("type", "Sequence");
        writer.WriteStartArray("normalizers");
        foreach (Normalizer normalizer in normalizers)
        {
            writer.WriteStartObject();
            normalizer.Write(writer);
            writer.WriteEndObject();
        }

        writer.WriteEndArray();
    }
}
