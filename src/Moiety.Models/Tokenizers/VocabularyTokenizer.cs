using System.Buffers;
using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Tokenizers.Decoders;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// What every tokenizer with a list of pieces shares: the vocabulary with the bytes of each token, added tokens, normalization, and
/// the tokens around a text. Everything happens on UTF-8 bytes. Added tokens are found as Hugging Face's library finds them: those
/// that are not normalized in the text as it came, the others in what is left of it after normalization.
/// </summary>
public abstract class VocabularyTokenizer : Tokenizer
{
    /// <summary>Longest written form of an added token, in bytes: bounds the search for them.</summary>
    internal const int LongestAddedToken = 1024;

    /// <summary>Most ids that a vocabulary may have; the largest published ones have a quarter million.</summary>
    internal const int LargestVocabulary = 1 << 22;

    // The largest published vocabularies spell 2 MB.
    private const int MostBytes = 256 << 20;

    private readonly string?[] _pieces;
    private readonly byte[][] _bytes;
    private readonly byte[][] _firstBytes;
    private readonly bool[] _special;
    private readonly bool[] _outside;
    private readonly AddedTokenMatcher? _matcher;
    private readonly AddedTokenMatcher? _normalizedMatcher;
    private readonly TokenizerOptions _options;

    /// <summary>Takes the vocabulary over and checks that every id of the options is in it.</summary>
    /// <param name="pieces">How the vocabulary spells the token of each id, or null where an id is not in use.</param>
    /// <param name="options">Added tokens and what is put around a text.</param>
    /// <param name="decoder">What pieces mean in text when the options do not say.</param>
    private protected VocabularyTokenizer(IReadOnlyList<string?> pieces, TokenizerOptions options, TokenDecoder decoder)
    {
        if (pieces.Count is 0 or > LargestVocabulary)
        {
            throw new InvalidInputException($"The vocabulary has {pieces.Count} tokens; from 1 to {LargestVocabulary} are supported.");
        }

        _pieces = [.. pieces];
        _special = new bool[pieces.Count];
        _outside = new bool[pieces.Count];
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
            _special[token.Id] = token.Special;
            _outside[token.Id] = token.Special || !token.IsPiece;
        }

        int[] pairIds = [.. options.Pair.Where(piece => piece.TokenId is not null).Select(piece => piece.TokenId!.Value)];
        foreach (int id in (IEnumerable<int>)[.. options.EosTokenIds, .. options.Prefix, .. options.Suffix, .. pairIds])
        {
            RequireId(id, "A special token");
        }

        Decoder = options.Decoder ?? decoder;
        _bytes = Decode(first: false);
        _firstBytes = Decoder.MindsFirst ? Decode(first: true) : _bytes;
        RequireId(options.BosTokenId ?? 0, "The BOS token");
        RequireId(options.UnknownTokenId ?? 0, "The unknown token");
        _matcher = AddedTokenMatcher.Create(options.AddedTokens.Where(token => !token.Normalized), normalizer: null);
        _normalizedMatcher = AddedTokenMatcher.Create(options.AddedTokens.Where(token => token.Normalized), options.Normalizer);
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

    /// <summary>How two texts are put together: as the checkpoint says, else each with <see cref="Prefix"/> and <see cref="Suffix"/>.</summary>
    public ImmutableArray<TemplatePiece> Pair => _options.Pair.IsEmpty ? DefaultPair() : _options.Pair;

    /// <summary>Whether two texts are put together in no way of the checkpoint's own.</summary>
    internal bool HasUsualPair => _options.Pair.IsEmpty || _options.Pair.SequenceEqual(DefaultPair());

    /// <summary>The tokens that other formats must find in text as a whole.</summary>
    internal virtual ImmutableArray<AddedToken> WrittenTokens => _options.AddedTokens;

    /// <summary>What the pieces mean in text.</summary>
    public TokenDecoder Decoder { get; }

    /// <summary>What happens to a text first, or null.</summary>
    public Normalizer? Normalizer => _options.Normalizer;

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

        EncodeText(text, parseSpecialTokens, ref output);
        if (addSpecialTokens)
        {
            output.Add(Suffix.AsSpan());
        }

        int[] ids = output.Ids.ToArray();
        output.Dispose();
        return ids;
    }

    /// <inheritdoc/>
    public override TokenPair EncodePair(string first, string second, bool addSpecialTokens = true, bool parseSpecialTokens = false)
    {
        int[][] texts =
        [
            Encode(first, addSpecialTokens: false, parseSpecialTokens),
            Encode(second, addSpecialTokens: false, parseSpecialTokens),
        ];
        List<int> ids = [];
        List<int> types = [];
        foreach (TemplatePiece piece in Pair)
        {
            if (piece.TokenId is not int token)
            {
                ids.AddRange(texts[piece.Sequence]);
            }
            else if (addSpecialTokens)
            {
                ids.Add(token);
            }

            types.AddRange(Enumerable.Repeat(piece.TypeId, ids.Count - types.Count));
        }

        return new TokenPair([.. ids], [.. types]);
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> GetBytes(int id) => _bytes[Checked(id)];

    /// <inheritdoc/>
    public override ReadOnlySpan<byte> GetFirstBytes(int id) => _firstBytes[Checked(id)];

    /// <summary>How the vocabulary spells a token, for display (special tokens included); empty when the id is not in use.</summary>
    public override string GetPiece(int id) => _pieces[Checked(id)] ?? "";

    /// <inheritdoc/>
    public override bool IsSpecial(int id) => _special[Checked(id)];

    /// <summary>Whether an id stands for a token; vocabularies may have holes.</summary>
    internal bool IsUsed(int id) => _pieces[id] is not null;

    /// <summary>Whether an id is a piece that the model may choose for text.</summary>
    internal bool IsPiece(int id) => _pieces[id] is { Length: > 0 } && !_outside[id];

    /// <summary>Encodes text that has no added token in it.</summary>
    /// <param name="text">UTF-8, usually; not empty.</param>
    /// <param name="first">Whether nothing of the text comes before it.</param>
    /// <param name="output">Where the ids go.</param>
    private protected abstract void EncodeSegment(ReadOnlySpan<byte> text, bool first, ref IdBuffer output);

    private void EncodeText(ReadOnlySpan<byte> text, bool special, ref IdBuffer output)
    {
        AddedTokenMatcher.Position position = default;
        int done = 0;
        while (_matcher is not null && _matcher.TryFind(text, special, ref position, out AddedTokenMatcher.Match match))
        {
            NormalizeSegment(text, done, match.Start, special, ref output);
            output.Add(match.Id);
            done = match.End;
        }

        NormalizeSegment(text, done, text.Length, special, ref output);
    }

    private void NormalizeSegment(ReadOnlySpan<byte> text, int start, int end, bool special, ref IdBuffer output)
    {
        if (start >= end)
        {
            return;
        }

        if (Normalizer is null)
        {
            FindNormalizedTokens(text[start..end], start == 0, special, ref output);
            return;
        }

        ByteBuffer normalized = new(end - start + 16);
        Normalizer.Normalize(text[start..end], ref normalized);
        FindNormalizedTokens(normalized.Bytes, start == 0, special, ref output);
        normalized.Dispose();
    }

    private void FindNormalizedTokens(ReadOnlySpan<byte> text, bool first, bool special, ref IdBuffer output)
    {
        AddedTokenMatcher.Position position = default;
        int done = 0;
        while (_normalizedMatcher is not null && _normalizedMatcher.TryFind(text, special, ref position, out AddedTokenMatcher.Match match))
        {
            if (done < match.Start)
            {
                EncodeSegment(text[done..match.Start], first && done == 0, ref output);
            }

            output.Add(match.Id);
            done = match.End;
        }

        if (done < text.Length)
        {
            EncodeSegment(text[done..], first && done == 0, ref output);
        }
    }

    private ImmutableArray<TemplatePiece> DefaultPair()
    {
        ImmutableArray<TemplatePiece>.Builder pieces = ImmutableArray.CreateBuilder<TemplatePiece>();
        for (int sequence = 0; sequence < 2; sequence++)
        {
            pieces.AddRange(Prefix.Select(id => TemplatePiece.OfToken(id, sequence)));
            pieces.Add(TemplatePiece.OfText(sequence, sequence));
            pieces.AddRange(Suffix.Select(id => TemplatePiece.OfToken(id, sequence)));
        }

        return pieces.ToImmutable();
    }

    private byte[][] Decode(bool first)
    {
        byte[][] bytes = new byte[_pieces.Length][];
        HashSet<int> added = [.. _options.AddedTokens.Select(token => token.Id)];
        long total = 0;
        for (int id = 0; id < bytes.Length; id++)
        {
            string? piece = _special[id] ? null : _pieces[id];
            bytes[id] = piece is null ? []
                : Decoder is not ByteLevelDecoder ? Decoder.Decode(Encoding.UTF8.GetBytes(piece), first, fused: false)
                : added.Contains(id) ? Encoding.UTF8.GetBytes(piece)
                : ByteAlphabet.Read(piece);
            total += bytes[id].Length;
            if (total > MostBytes)
            {
                throw new InvalidInputException($"The tokens of the vocabulary stand for more than {MostBytes} bytes together.");
            }

            if (first && bytes[id].AsSpan().SequenceEqual(_bytes[id]))
            {
                bytes[id] = _bytes[id];
            }
        }

        return bytes;
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
