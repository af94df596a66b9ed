using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// What every byte-pair tokenizer shares: the vocabulary with the bytes of each token, added tokens, and the text around them.
/// Everything happens on UTF-8 bytes.
/// </summary>
public abstract class BpeTokenizer : Tokenizer
{
    /// <summary>Longest written form of an added token, in bytes: bounds the search for them.</summary>
    internal const int LongestAddedToken = 1024;

    /// <summary>Most ids that a vocabulary may have; the largest published ones have a quarter million.</summary>
    internal const int LargestVocabulary = 1 << 22;

    private readonly string?[] _pieces;
    private readonly byte[][] _bytes;
    private readonly bool[] _special;
    private readonly AddedTokenMatcher? _matcher;
    private readonly TokenizerOptions _options;

    /// <summary>Takes the vocabulary over and checks that every id of the options is in it.</summary>
    /// <param name="pieces">How the vocabulary spells the token of each id, or null where an id is not in use.</param>
    /// <param name="bytes">The bytes of each token in text.</param>
    /// <param name="options">Added tokens and what is put around a text.</param>
    private protected BpeTokenizer(IReadOnlyList<string?> pieces, byte[][] bytes, TokenizerOptions options)
    {
        if (pieces.Count is 0 or > LargestVocabulary)
        {
            throw new InvalidInputException($"The vocabulary has {pieces.Count} tokens; from 1 to {LargestVocabulary} are supported.");
        }

        _pieces = [.. pieces];
        _bytes = bytes;
        _special = new bool[pieces.Count];
        _options = options;
        foreach (AddedToken token in options.AddedTokens)
        {
            RequireId(token.Id, $"The added token \"{token.Content}\"");
            byte[] content = Encoding.UTF8.GetBytes(token.Content);
            if (content.Length is 0 or > LongestAddedToken)
            {
                throw new InvalidInputException(
                    $"The added token {token.Id} is {content.Length} bytes long; from 1 to {LongestAddedToken} are supported.");
            }

            _pieces[token.Id] = token.Content;
            _bytes[token.Id] = token.Special ? [] : content;
            _special[token.Id] = token.Special;
        }

        foreach (int id in (IEnumerable<int>)[.. options.EosTokenIds, .. options.Prefix, .. options.Suffix])
        {
            RequireId(id, "A special token");
        }

        RequireId(options.BosTokenId ?? 0, "The BOS token");
        RequireId(options.UnknownTokenId ?? 0, "The unknown token");
        _matcher = options.AddedTokens.IsEmpty ? null : new AddedTokenMatcher(options.AddedTokens);
    }

    /// <inheritdoc/>
    public override int VocabularySize => _pieces.Length;

    /// <inheritdoc/>
    public override int? BosTokenId => _options.BosTokenId;

    /// <inheritdoc/>
    public override ImmutableArray<int> EosTokenIds => _options.EosTokenIds;

    /// <summary>Tokens that are found in text as a whole.</summary>
    public ImmutableArray<AddedToken> AddedTokens => _options.AddedTokens;

    /// <summary>Token for what the vocabulary cannot spell, or null.</summary>
    public int? UnknownTokenId => _options.UnknownTokenId;

    /// <summary>Tokens that encoding puts before a text.</summary>
    public ImmutableArray<int> Prefix => _options.Prefix;

    /// <summary>Tokens that encoding puts after a text.</summary>
    public ImmutableArray<int> Suffix => _options.Suffix;

    /// <inheritdoc/>
    public override int[] Encode(string text, bool addSpecialTokens = true, bool parseSpecialTokens = false)
    {
        ArgumentNullException.ThrowIfNull(text);
        byte[] rented = ArrayPool<byte>.Shared.Rent(Encoding.UTF8.GetMaxByteCount(text.Length));
        int length = Encoding.UTF8.GetBytes(text, rented);
        int[] ids = EncodeBytes(rented.AsSpan(0, length), addSpecialTokens, parseSpecialTokens);
        ArrayPool<byte>.Shared.Return(rented);
        return ids;
    }

    /// <inheritdoc/>
    public override int[] EncodeBytes(ReadOnlySpan<byte> text, bool addSpecialTokens = true, bool parseSpecialTokens = false)
    {
        IdBuffer output = new(text.Length / 3);
        if (addSpecialTokens)
        {
            output.Add(Prefix.AsSpan());
        }

        ReadOnlySpan<byte> rest = text;
        bool first = true;
        while (_matcher?.Find(rest, parseSpecialTokens) is var (start, end, token))
        {
            if (start > 0)
            {
                EncodeSegment(rest[..start], first, ref output);
            }

            output.Add(token.Id);
            rest = rest[end..];
            first = false;
        }

        if (!rest.IsEmpty)
        {
            EncodeSegment(rest, first, ref output);
        }

        if (addSpecialTokens)
        {
            output.Add(Suffix.AsSpan());
        }

        int[] ids = output.Ids.ToArray();
        output.Dispose();
        return ids;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> GetBytes(int id) => _bytes[Checked(id)];

    /// <summary>How the vocabulary spells a token, for display (special tokens included); empty when the id is not in use.</summary>
    public override string GetPiece(int id) => _pieces[Checked(id)] ?? "";

    /// <inheritdoc/>
    public override bool IsSpecial(int id) => _special[Checked(id)];

    /// <summary>Whether an id stands for a token; vocabularies may have holes.</summary>
    internal bool IsUsed(int id) => _pieces[id] is not null;

    /// <summary>Encodes text that has no added token in it.</summary>
    /// <param name="text">UTF-8, usually; not empty.</param>
    /// <param name="first">Whether nothing of the text comes before it.</param>
    /// <param name="output">Where the ids go.</param>
    private protected abstract void EncodeSegment(ReadOnlySpan<byte> text, bool first, ref IdBuffer output);

    /// <summary>Builds the table of merges; the position in the list is the rank.</summary>
    private protected static MergeTable Rank(IReadOnlyList<BpeMerge> merges, int vocabularySize)
    {
        MergeTable table = new(merges.Count);
        for (int rank = 0; rank < merges.Count; rank++)
        {
            BpeMerge merge = merges[rank];
            if ((uint)merge.Left >= (uint)vocabularySize || (uint)merge.Right >= (uint)vocabularySize || (uint)merge.Result >= (uint)vocabularySize)
            {
                throw new InvalidInputException(
                    $"Merge {rank} ({merge.Left}, {merge.Right}) -> {merge.Result} is outside of the vocabulary of {vocabularySize} tokens.");
            }

            table.Add(merge.Left, merge.Right, rank, merge.Result);
        }

        return table;
    }

    private void RequireId(int id, string what)
    {
        if ((uint)id >= (uint)_pieces.Length)
        {
            throw new InvalidInputException($"{what} has the id {id}, which is outside of the vocabulary of {_pieces.Length} tokens.");
        }
    }

    private int Checked(int id) => (uint)id < (uint)_pieces.Length
        ? id
        : throw new ArgumentOutOfRangeException(nameof(id), id, $"The vocabulary has {_pieces.Length} tokens.");
}
