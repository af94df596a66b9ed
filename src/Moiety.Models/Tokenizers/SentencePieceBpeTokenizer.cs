using System.Collections.Immutable;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Byte-pair encoding over characters as SentencePiece does it (Kudo and Richardson, arXiv 1808.06226): Llama 1 and 2, Mistral,
/// Mixtral, llama2.c. Spaces are part of the pieces; characters without a piece fall back to bytes. Merges come as a list (Hugging
/// Face) or follow from the scores of the pieces (GGUF, llama2.c): a pair merges when its spelling is a piece, the best score first.
/// </summary>
public sealed class SentencePieceBpeTokenizer : SentencePieceTokenizer
{
    /// <summary>Longest piece, in bytes, that merges can spell; SentencePiece's own default is 16 characters.</summary>
    internal const int LongestMergedPiece = 512;

    private const char ConventionalMark = '\u2581';
    private readonly MergeTable _merges;
    private readonly ByteStringTable _spellings = new();
    private readonly List<int> _spellingIds = [];
    private readonly WordCache _cache = new();

    private SentencePieceBpeTokenizer(
        IReadOnlyList<string?> pieces, SentencePieceOptions options, ImmutableArray<BpeMerge> merges, ImmutableArray<float> scores)
        : base(pieces, options)
    {
        Merges = merges;
        Scores = scores;
        SplitsBeforeMarks = true;
        for (int id = 0; id < VocabularySize; id++)
        {
            if (!IsPiece(id) || id == options.UnknownTokenId || IsByte(id))
            {
                continue;
            }

            byte[] spelling = Encoding.UTF8.GetBytes(GetPiece(id));
            if (spelling.Length > 0 && _spellings.GetOrAdd(spelling) == _spellingIds.Count)
            {
                _spellingIds.Add(id);
                SplitsBeforeMarks &= !HasMarkAfterText(GetPiece(id), options.SpaceMark);
            }
        }

        _merges = scores.IsEmpty ? MergeTable.Ranked(merges, VocabularySize) : RankByScore();
    }

    /// <summary>Merges in the order of their rank; empty when they follow from <see cref="Scores"/>.</summary>
    public ImmutableArray<BpeMerge> Merges { get; }

    /// <summary>The score of each piece; empty when there is a list of <see cref="Merges"/>.</summary>
    public ImmutableArray<float> Scores { get; }

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

        return new SentencePieceBpeTokenizer(pieces, Options with { SpaceMark = ConventionalMark }, Merges, Scores);
    }

    private protected override void EncodeWord(ReadOnlySpan<byte> word, ref IdBuffer output)
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
                    symbols[count++] = ByteId(word[i]);
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
