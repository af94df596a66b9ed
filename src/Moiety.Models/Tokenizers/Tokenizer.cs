using System.Collections.Immutable;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Text to token ids and back. A token is a byte string: text is UTF-8, and one character may spread over several tokens
/// (see <c>IncrementalDecoder</c> for streaming). Instances are immutable and safe to share between threads.
/// </summary>
public abstract class Tokenizer
{
    /// <summary>Number of token ids.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>Token that starts a sequence, or null.</summary>
    public abstract int? BosTokenId { get; }

    /// <summary>Tokens that end a text.</summary>
    public abstract ImmutableArray<int> EosTokenIds { get; }

    /// <summary>Encodes text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="addSpecialTokens">Whether to add what the checkpoint puts around a text (usually only BOS before it).</param>
    /// <param name="parseSpecialTokens">Whether the written form of a special token in the text becomes that token. Off for untrusted text.</param>
    public abstract int[] Encode(string text, bool addSpecialTokens = true, bool parseSpecialTokens = false);

    /// <summary>
    /// Encodes bytes that are usually UTF-8: the same ids as <see cref="Encode"/> for text. Bytes that are not UTF-8 are encoded too,
    /// so that <see cref="DecodeBytes"/> gives back exactly what went in.
    /// </summary>
    /// <inheritdoc cref="Encode"/>
    public abstract int[] EncodeBytes(ReadOnlySpan<byte> text, bool addSpecialTokens = true, bool parseSpecialTokens = false);

    /// <summary>The bytes that a token stands for in text; empty for special tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public abstract ReadOnlySpan<byte> GetBytes(int id);

    /// <summary>How the vocabulary spells a token, for display (special tokens included).</summary>
    public abstract string GetPiece(int id);

    /// <summary>Whether the token is a control token, never part of the text.</summary>
    public abstract bool IsSpecial(int id);

    /// <summary>
    /// Whether encoding puts a space before the text (the dummy prefix of SentencePiece), so that decoding drops one space from the
    /// start of a text.
    /// </summary>
    public virtual bool StripsLeadingSpace => false;

    /// <summary>Decodes ids to text; special tokens are left out, invalid UTF-8 becomes U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids) => Encoding.UTF8.GetString(DecodeBytes(ids));

    /// <summary>Decodes ids to the bytes of the text; special tokens are left out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public byte[] DecodeBytes(ReadOnlySpan<int> ids)
    {
        int length = 0;
        foreach (int id in ids)
        {
            length = checked(length + GetBytes(id).Length);
        }

        byte[] bytes = new byte[length];
        Span<byte> rest = bytes;
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> token = GetBytes(id);
            token.CopyTo(rest);
            rest = rest[token.Length..];
        }

        return StripsLeadingSpace && bytes is [(byte)' ', ..] ? bytes[1..] : bytes;
    }
}
