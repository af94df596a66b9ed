using System.Text;
using System.Text.Json;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>
/// Cuts text into the words that a model encodes one by one, as a component of that name in a <c>tokenizer.json</c>. Everything happens
/// on UTF-8; bytes that are not UTF-8 pass like the replacement character.
/// </summary>
public abstract class PreTokenizer
{
    /// <summary>
    /// The regular expression whose matches the component sets apart from what lies between them, which is all that a GGUF file can say;
    /// empty when it changes nothing, null when it does something else.
    /// </summary>
    internal virtual string? Isolates => null;

    /// <summary>The component as JSON, which says all about it.</summary>
    public sealed override string ToString()
    {
        using MemoryStream stream = new();
        using (Utf8JsonWriter writer = new(stream, new JsonWriterOptions { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            Write(writer);
            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.GetBuffer().AsSpan(0, (int)stream.Length));
    }

    /// <summary>Cuts every word of a text, and changes the text where the component does that.</summary>
    internal virtual void Apply(ref WordList words)
    {
        words.BeginStage();
        while (words.TryNext(out int start, out int end))
        {
            Cut(words.Text[start..end], start, ref words);
        }
    }

    /// <summary>Writes the members that describe the component in a <c>tokenizer.json</c>, the type first.</summary>
    internal abstract void Write(Utf8JsonWriter writer);

    /// <summary>Adds the parts of one word.</summary>
    /// <param name="word">The word.</param>
    /// <param name="offset">Where it begins in the text.</param>
    /// <param name="words">Where the parts go.</param>
    private protected abstract void Cut(ReadOnlySpan<byte> word, int offset, ref WordList words);
}
