using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Byte-pair encoding over characters as SentencePiece does it (Kudo and Richardson, arXiv 1808.06226): Llama 1 and 2, Mistral,
/// Mixtral, llama2.c. Spaces are part of the pieces; characters without a piece fall back to bytes. Merges come as a list (Hugging
/// Face) or follow from the scores of the pieces (GGUF, llama2.c): a pair merges when its spelling is a piece, the best score first.
/// </summary>
public sealed class SentencePieceBpeTokenizer : BpeTokenizer
{
    /// <summary>Longest piece, in bytes, that merges can spell; SentencePiece's own default is 16 characters.</summary>
    internal const int LongestMergedPiece = 512;

    private const char ConventionalMark = '\u2581';
    private readonly SentencePieceOptions _options;
    private readonly byte[] _mark;
    private readonly MergeTable _merges;
    private readonly int[] _byteIds = new int[256];
    private readonly ByteStringTable _spellings = new();
    private readonly List<int> _spellingIds = [];
    private readonly bool _bytesComplete;
    private readonly bool _splitsBeforeMarks;
    private readonly WordCache _cache = new();

    private SentencePieceBpeTokenizer(
        IReadOnlyList<string?> pieces, SentencePieceOptions options, ImmutableArray<BpeMerge> merges, ImmutableArray<float> scores)
        : base(pieces, [.. pieces.Select(piece => BytesOf(piece, options))], options)
    {
        _options = options;
        _mark = Encoding.UTF8.GetBytes([options.SpaceMark]);
        Merges = merges;
        Scores = scores;
        Array.Fill(_byteIds, -1);
        _splitsBeforeMarks = true;
        HashSet<int> added = [.. options.AddedTokens.Select(token => token.Id)];
        for (int id = 0; id < VocabularySize; id++)
        {
            if (!IsUsed(id) || IsSpecial(id) || id == options.UnknownTokenId)
            {
                continue;
            }

            if (!added.Contains(id) && options.ByteFallback && TryReadByte(GetPiece(id), out byte value))
            {
                _byteIds[value] = id;
                continue;
            }

            byte[] spelling = Encoding.UTF8.GetBytes(GetPiece(id));
            if (spelling.Length > 0 && _spellings.GetOrAdd(spelling) == _spellingIds.Count)
            {
                _spellingIds.Add(id);
                _splitsBeforeMarks &= !HasMarkAfterText(GetPiece(id), options.SpaceMark);
            }
        }

        _bytesComplete = !_byteIds.Contains(-1);
        _merges = scores.IsEmpty ? Rank(merges, VocabularySize) : RankByScore();
    }

    /// <summary>Merges in the order of their rank; empty when they follow from <see cref="Scores"/>.</summary>
    public ImmutableArray<BpeMerge> Merges { get; }

    /// <summary>The score of each piece; empty when there is a list of <see cref="Merges"/>.</summary>
    public ImmutableArray<float> Scores { get; }

    /// <summary>The character that stands for a space in pieces.</summary>
    public char SpaceMark => _options.SpaceMark;

    /// <summary>Where a space is added when encoding.</summary>
    public SpacePrefix SpacePrefix => _options.SpacePrefix;

    /// <summary>Whether every space begins a new word.</summary>
    public bool SplitsAtSpaces => _options.SplitsAtSpaces;

    /// <summary>Whether a character that the vocabulary does not spell becomes bytes.</summary>
    public bool ByteFallback => _options.ByteFallback;

    /// <summary>Whether several unknown characters in a row are one unknown token.</summary>
    public bool FuseUnknown => _options.FuseUnknown;

    /// <inheritdoc/>
    public override bool StripsLeadingSpace => _options.StripsLeadingSpace;

    /// <summary>Creates a tokenizer from a list of merges.</summary>
    /// <param name="pieces">How each id is spelled, or null where an id is not in use.</param>
    /// <param name="merges">Merges in the order of their rank.</param>
    /// <param name="options">The rest.</param>
    /// <exception cref="InvalidInputException">An id is outside of the vocabulary, or an added token is empty or too long.</exception>
    public static SentencePieceBpeTokenizer FromMerges(
        IReadOnlyList<string?> pieces, IReadOnlyList<BpeMerge> merges, SentencePieceOptions options) => new(pieces, options, [.. merges], []);

    /// <summary>Creates a tokenizer from the scores of its pieces.</summary>
    /// <param name="pieces">How each id is spelled, or null where an id is not in use.</param>
    /// <param name="scores">One score per piece; the highest merges first.</param>
    /// <param name="options">The rest.</param>
    /// <exception cref="InvalidInputException">
    /// The counts differ, a score is not a number, an id is outside of the vocabulary, or a piece is too long.
    /// </exception>
    public static SentencePieceBpeTokenizer FromScores(
        IReadOnlyList<string?> pieces, IReadOnlyList<float> scores, SentencePieceOptions options)
    {
        if (scores.Count != pieces.Count)
        {
            throw new InvalidInputException($"There are {scores.Count} scores for {pieces.Count} pieces; each piece needs one.");
        }

        for (int id = 0; id < scores.Count; id++)
        {
            if (float.IsNaN(scores[id]))
            {
                throw new InvalidInputException($"The score of piece {id} is not a number.");
            }
        }

        return new SentencePieceBpeTokenizer(pieces, options, [], [.. scores]);
    }

    /// <summary>The same tokenizer with U+2581 for a space in its pieces, as every format but llama2.c's wants it.</summary>
    /// <exception cref="InvalidInputException">A piece has that character for itself.</exception>
    internal SentencePieceBpeTokenizer WithConventionalMark()
    {
        if (SpaceMark == ConventionalMark)
        {
            return this;
        }

        string?[] pieces = new string?[VocabularySize];
        for (int id = 0; id < pieces.Length; id++)
        {
            if (GetPiece(id).Contains(ConventionalMark, StringComparison.Ordinal))
            {
                throw new InvalidInputException(
                    $"Piece {id}, \"{GetPiece(id)}\", has a {ConventionalMark} of its own, which stands for a space in other formats: it cannot be converted.");
            }

            pieces[id] = IsUsed(id) ? GetPiece(id).Replace(SpaceMark, ConventionalMark) : null;
        }

        return new SentencePieceBpeTokenizer(pieces, _options with { SpaceMark = ConventionalMark }, Merges, Scores);
    }

    /// <summary>Whether a piece is the fallback for a byte, <c>&lt;0x0A&gt;</c>.</summary>
    internal static bool TryReadByte(string piece, out byte value)
    {
        value = 0;
        return piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }

    private protected override void EncodeSegment(ReadOnlySpan<byte> text, bool first, ref IdBuffer output)
    {
        byte[] marked = Mark(text, first);
        ReadOnlySpan<byte> rest = marked;
        while (!rest.IsEmpty)
        {
            int length = WordLength(rest);
            EncodeWord(rest[..length], ref output);
            rest = rest[length..];
        }
    }

    private static byte[] BytesOf(string? piece, SentencePieceOptions options)
    {
        if (piece is null)
        {
            return [];
        }

        return options.ByteFallback && TryReadByte(piece, out byte value)
            ? [value]
            : Encoding.UTF8.GetBytes(piece.Replace(options.SpaceMark, ' '));
    }

    private static bool HasMarkAfterText(string piece, char mark) => piece.AsSpan().TrimStart(mark).Contains(mark);

    private byte[] Mark(ReadOnlySpan<byte> text, bool first)
    {
        bool spaced = text[0] == ' ' || text.StartsWith(_mark);
        bool prefix = SpacePrefix switch
        {
            SpacePrefix.EverySegment => true,
            SpacePrefix.EverySegmentWithoutSpace => !spaced,
            SpacePrefix.FirstSegmentWithoutSpace => first && !spaced,
            _ => false,
        };
        int spaces = text.Count((byte)' ') + (prefix ? 1 : 0);
        byte[] marked = new byte[checked(text.Length + (prefix ? 1 : 0) + (spaces * (_mark.Length - 1)))];
        int at = 0;
        if (prefix)
        {
            _mark.CopyTo(marked, 0);
            at = _mark.Length;
        }

        foreach (byte value in text)
        {
            if (value == ' ')
            {
                _mark.CopyTo(marked, at);
                at += _mark.Length;
            }
            else
            {
                marked[at++] = value;
            }
        }

        return marked;
    }

    // No piece has a mark after other text, so no merge crosses the end of a word: words can be encoded one by one.
    private int WordLength(ReadOnlySpan<byte> text)
    {
        if (!_splitsBeforeMarks && !SplitsAtSpaces)
        {
            return text.Length;
        }

        int at = 0;
        while (text[at..].StartsWith(_mark))
        {
            at += _mark.Length;
            if (SplitsAtSpaces)
            {
                break;
            }
        }

        int next = text[at..].IndexOf(_mark);
        return next < 0 ? text.Length : Math.Max(at + next, 1);
    }

    private void EncodeWord(ReadOnlySpan<byte> word, ref IdBuffer output)
    {
        if (_cache.TryGet(word, out ReadOnlySpan<int> cached))
        {
            output.Add(cached);
            return;
        }

        Span<int> symbols = output.Reserve(word.Length);
        int count = 0;
        for (int start = 0; start < word.Length;)
        {
            int end = EndOfCharacter(word, start);
            if (_spellings.Find(word[start..end]) is >= 0 and int spelling)
            {
                symbols[count++] = _spellingIds[spelling];
            }
            else if (HasBytes(word[start..end]))
            {
                for (int i = start; i < end; i++)
                {
                    symbols[count++] = _byteIds[word[i]];
                }
            }
            else if (UnknownTokenId is int unknown && !(FuseUnknown && count > 0 && symbols[count - 1] == unknown))
            {
                symbols[count++] = unknown;
            }

            start = end;
        }

        int left = BytePairMerger.Merge(symbols[..count], _merges);
        _cache.Add(word, symbols[..left]);
        output.RemoveLast(word.Length - left);
    }

    private bool HasBytes(ReadOnlySpan<byte> character)
    {
        if (!_bytesComplete)
        {
            foreach (byte value in character)
            {
                if (_byteIds[value] < 0)
                {
                    return false;
                }
            }
        }

        return true;
    }

    // A lead byte and up to three continuation bytes, whether or not they are UTF-8, as in llama2.c; ASCII has none.
    private static int EndOfCharacter(ReadOnlySpan<byte> text, int start)
    {
        int end = start + 1;
        while (text[start] >= 0x80 && end < text.Length && end - start < 4 && IsContinuation(text[end]))
        {
            end++;
        }

        return end;
    }

    private static bool IsContinuation(byte value) => (value & 0xC0) == 0x80;

    /// <summary>
    /// Every way in which two pieces spell a third, with the rank of the third's score. Equal scores have equal ranks, so that the
    /// leftmost of them merges first.
    /// </summary>
    internal List<(int Rank, BpeMerge Merge)> MergesByScore()
    {
        float[] descending = [.. _spellingIds.Select(id => Scores[id]).Distinct().OrderDescending()];
        Dictionary<float, int> ranks = [];
        for (int rank = 0; rank < descending.Length; rank++)
        {
            ranks.Add(descending[rank], rank);
        }

        List<(int, BpeMerge)> merges = [];
        for (int spelling = 0; spelling < _spellings.Count; spelling++)
        {
            ReadOnlySpan<byte> bytes = _spellings[spelling];
            if (bytes.Length > LongestMergedPiece)
            {
                throw new InvalidInputException(
                    $"Piece {_spellingIds[spelling]} is {bytes.Length} bytes long; up to {LongestMergedPiece} are supported.");
            }

            for (int cut = 1; cut < bytes.Length; cut++)
            {
                if (!IsContinuation(bytes[cut]) && _spellings.Find(bytes[..cut]) is >= 0 and int left
                    && _spellings.Find(bytes[cut..]) is >= 0 and int right)
                {
                    int result = _spellingIds[spelling];
                    merges.Add((ranks[Scores[result]], new BpeMerge(_spellingIds[left], _spellingIds[right], result)));
                }
            }
        }

        return merges;
    }

    private MergeTable RankByScore()
    {
        List<(int Rank, BpeMerge Merge)> merges = MergesByScore();
        MergeTable table = new(merges.Count);
        foreach ((int rank, BpeMerge merge) in merges)
        {
            table.Add(merge.Left, merge.Right, rank, merge.Result);
        }

        return table;
    }
}
