using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Tokenizers.PostProcessors;

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

    /// <summary>
    /// Encodes two texts that belong together (a question and a passage, a premise and a hypothesis), as encoders like BERT take them.
    /// </summary>
    /// <param name="first">The first text.</param>
    /// <param name="second">The second text.</param>
    /// <param name="addSpecialTokens">Whether to add what the checkpoint puts around and between the texts.</param>
    /// <param name="parseSpecialTokens">Whether the written form of a special token becomes that token. Off for untrusted text.</param>
    /// <returns>The ids, and for each the type that tells the texts apart.</returns>
    public abstract TokenPair EncodePair(string first, string second, bool addSpecialTokens = true, bool parseSpecialTokens = false);

    /// <summary>The bytes that a token stands for within a text; empty for special tokens.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public abstract ReadOnlySpan<byte> GetBytes(int id);

    /// <summary>
    /// The bytes that a token stands for as the first of a text that is not empty: a space that only sets words apart is left out there.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public virtual ReadOnlySpan<byte> GetFirstBytes(int id) => GetBytes(id);

    /// <summary>How the vocabulary spells a token, for display (special tokens included).</summary>
    public abstract string GetPiece(int id);

    /// <summary>Whether the token is a control token, never part of the text.</summary>
    public abstract bool IsSpecial(int id);

    /// <summary>Decodes ids to text; special tokens are left out, invalid UTF-8 becomes U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(ReadOnlySpan<int> ids) => Encoding.UTF8.GetString(DecodeBytes(ids));

    /// <summary>Decodes ids to the bytes of the text; special tokens are left out.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public byte[] DecodeBytes(ReadOnlySpan<int> ids)
    {
        int length = 0;
        bool first = true;
        foreach (int id in ids)
        {
            length = checked(length + Next(id, ref first).Length);
        }

        byte[] bytes = new byte[length];
        Span<byte> rest = bytes;
        first = true;
        foreach (int id in ids)
        {
            ReadOnlySpan<byte> token = Next(id, ref first);
            token.CopyTo(rest);
            rest = rest[token.Length..];
        }

        return bytes;
    }

    /// <summary>The bytes of the next token of a text.</summary>
    /// <param name="id">The token.</param>
    /// <param name="first">Whether no token but special ones came before; cleared by the first.</param>
    internal ReadOnlySpan<byte> Next(int id, ref bool first)
    {
        if (!first || IsSpecial(id) || GetPiece(id).Length == 0)
        {
            return GetBytes(id);
        }

        first = false;
        return GetFirstBytes(id);
    }
}
