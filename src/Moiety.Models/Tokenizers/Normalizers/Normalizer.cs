using System.Buffers;
using System.Text;
using System.Text.Json;
using System.Text.Unicode;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>
/// Rewrites text before it is split into tokens, as the normalizer of that name of Hugging Face's tokenizers library does. Bytes that
/// are not UTF-8 pass unchanged. Results follow tables of Moiety's own (<see cref="UnicodeData"/>), never the machine's.
/// </summary>
public abstract class Normalizer
{
    /// <summary>Rewrites a text.</summary>
    public string Apply(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        ByteBuffer output = new(2 * text.Length);
        Normalize(Encoding.UTF8.GetBytes(text), ref output);
        string result = Encoding.UTF8.GetString(output.Bytes);
        output.Dispose();
        return result;
    }

    /// <summary>Appends the rewritten text.</summary>
    /// <param name="text">UTF-8, usually.</param>
    /// <param name="output">Where it goes.</param>
    internal abstract void Normalize(ReadOnlySpan<byte> text, ref ByteBuffer output);

    /// <summary>Writes the members that describe the normalizer in a <c>tokenizer.json</c>, the type first.</summary>
    internal abstract void Write(Utf8JsonWriter writer);

    /// <summary>Takes the next character off a text.</summary>
    /// <param name="text">The rest of the text; not empty.</param>
    /// <param name="bytes">Its bytes; several that are not UTF-8 may come together.</param>
    /// <param name="rune">The character.</param>
    /// <returns>False when the bytes are not UTF-8.</returns>
    private protected static bool Take(ref ReadOnlySpan<byte> text, out ReadOnlySpan<byte> bytes, out Rune rune)
    {
        bool valid = Rune.DecodeFromUtf8(text, out rune, out int length) == OperationStatus.Done;
        bytes = text[..length];
        text = text[length..];
        return valid;
    }

    /// <summary>How many bytes at the start of a text are UTF-8.</summary>
    private protected static int ValidLength(ReadOnlySpan<byte> text)
    {
        if (Utf8.IsValid(text))
        {
            return text.Length;
        }

        int valid = 0;
        while (Rune.DecodeFromUtf8(text[valid..], out _, out int length) == OperationStatus.Done)
        {
            valid += length;
        }

        return valid;
    }
}
