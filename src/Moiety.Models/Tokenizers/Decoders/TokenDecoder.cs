using System.Text.Json;

namespace Moiety.Models.Tokenizers.Decoders;

/// <summary>
/// What a token's piece means in text, as the decoder of that name of Hugging Face's tokenizers library has it. It may depend on
/// whether the token is the first of the text and on nothing else, so that text can be streamed.
/// </summary>
public abstract class TokenDecoder
{
    /// <summary>Whether the first token of a text may mean something else than within it.</summary>
    internal virtual bool MindsFirst => false;

    /// <summary>The bytes that a piece stands for.</summary>
    /// <param name="piece">How the vocabulary spells the token, or what an earlier decoder made of it.</param>
    /// <param name="first">Whether it is the first of a text.</param>
    /// <param name="fused">Whether all tokens were put together before (<see cref="FuseDecoder"/>), so that they have no ends of their own.</param>
    internal abstract byte[] Decode(byte[] piece, bool first, bool fused);

    /// <summary>Writes the members that describe the decoder in a <c>tokenizer.json</c>, the type first.</summary>
    internal abstract void Write(Utf8JsonWriter writer);

    /// <summary>Puts other bytes in place of all that are equal to some.</summary>
    private protected static byte[] Replace(byte[] text, ReadOnlySpan<byte> from, ReadOnlySpan<byte> to)
    {
        ReadOnlySpan<byte> rest = text;
        if (rest.IndexOf(from) < 0)
        {
            return text;
        }

        ByteBuffer output = new(text.Length);
        while (rest.IndexOf(from) is >= 0 and int at)
        {
            output.Add(rest[..at]);
            output.Add(to);
            rest = rest[(at + from.Length)..];
        }

        output.Add(rest);
        byte[] replaced = output.Bytes.ToArray();
        output.Dispose();
        return replaced;
    }
}
