using System.Buffers;
using System.Collections.Immutable;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// The unigram language model (Kudo, arXiv 1804.10959; T5, XLM-RoBERTa, DeBERTa-v2): of all segmentations into pieces the one whose
/// scores, log-probabilities, have the greatest sum, found by dynamic programming. Of equal ones the one found first, as in
/// SentencePiece. Time is linear in the text: a step costs at most the length of the longest piece.
/// </summary>
public sealed class UnigramTokenizer : SentencePieceTokenizer
{
    /// <summary>Longest piece in bytes; SentencePiece's own default is 16 characters.</summary>
    internal const int LongestPiece = 1024;

    /// <summary>How much less than the worst piece an unknown character scores.</summary>
    internal const double UnknownPenalty = 10;

    private const int Unknown = -2;
    private readonly UnigramOptions _options;
    private readonly ByteTrie _trie;
    private readonly double[] _scores;
    private readonly double _unknownScore;
    private readonly WordCache _cache = new();

    /// <summary>Creates a tokenizer.</summary>
    /// <param name="pieces">How each id is spelled, or null where an id is not in use.</param>
    /// <param name="scores">The score of each piece, a log-probability; the same number.</param>
    /// <param name="options">The rest.</param>
    /// <exception cref="InvalidInputException">
    /// The counts differ, a score is not finite, an id is outside of the vocabulary, or a piece is too long.
    /// </exception>
    public UnigramTokenizer(IReadOnlyList<string?> pieces, IReadOnlyList<double> scores, UnigramOptions options)
        : base(pieces, options)
    {
        if (scores.Count != pieces.Count)
        {
            throw new InvalidInputException($"There are {scores.Count} scores for {pieces.Count} pieces; each piece needs one.");
        }

        _options = options;
        _scores = [.. scores];
        List<(byte[] Key, int Value)> keys = new(pieces.Count);
        double lowest = double.PositiveInfinity;
        for (int id = 0; id < _scores.Length; id++)
        {
            if (!double.IsFinite(_scores[id]))
            {
                throw new InvalidInputException($"The score of piece {id} is not a finite number.");
            }

            if (IsUsed(id))
            {
                lowest = Math.Min(lowest, _scores[id]);
            }

            if (!IsPiece(id) || (IsByte(id) && !options.MatchesBytePieces))
            {
                continue;
            }

            byte[] key = Encoding.UTF8.GetBytes(GetPiece(id));
            keys.Add(key.Length <= LongestPiece ? (key, id) : throw new InvalidInputException(
                $"Piece {id} is {key.Length} bytes long; up to {LongestPiece} are supported."));
        }

        _trie = new ByteTrie(keys);
        _unknownScore = options.UnknownScore ?? (double.IsFinite(lowest) ? lowest : 0) - UnknownPenalty;
    }

    /// <summary>The score of each piece.</summary>
    public ImmutableArray<double> Scores => [.. _scores];

    /// <summary>Whether sums of scores are rounded to single precision.</summary>
    public bool SinglePrecision => _options.SinglePrecision;

    /// <inheritdoc/>
    private protected override bool CutsUserDefined => false;

    private protected override void EncodeWord(ReadOnlySpan<byte> word, ref IdBuffer output)
    {
        if (_cache.TryGet(word, out ReadOnlySpan<int> cached))
        {
            output.Add(cached);
            return;
        }

        int before = output.Ids.Length;
        Node[] rented = ArrayPool<Node>.Shared.Rent(word.Length + 1);
        Span<Node> nodes = rented.AsSpan(0, word.Length + 1);
        FindBestPath(word, nodes);
        WritePath(word, nodes, ref output);
        ArrayPool<Node>.Shared.Return(rented);
        _cache.Add(word, output.Ids[before..]);
    }

    private void FindBestPath(ReadOnlySpan<byte> word, Span<Node> nodes)
    {
        nodes.Fill(new Node(0, -1, -1));
        for (int start = 0; start < word.Length;)
        {
            int length = CharacterLength(word[start..]);
            double before = nodes[start].Score;
            bool single = false;
            int node = ByteTrie.Root;
            for (int end = start; end < word.Length;)
            {
                node = _trie.Child(node, word[end]);
                if (node < 0)
                {
                    break;
                }

                end++;
                if (_trie.Value(node) is >= 0 and int id)
                {
                    Offer(ref nodes[end], before + _scores[id], start, id);
                    single |= end - start == length;
                }
            }

            if (!single)
            {
                double score = before + _unknownScore;
                Offer(ref nodes[start + length], _options.SinglePrecision ? (float)score : score, start, Unknown);
            }

            start += length;
        }
    }

    // SentencePiece keeps sums in single precision but compares them before they are rounded.
    private void Offer(ref Node node, double score, int start, int id)
    {
        if (node.Start < 0 || score > node.Score)
        {
            node = new Node(_options.SinglePrecision ? (float)score : score, start, id);
        }
    }

    // From the end to the start, then turned around.
    private void WritePath(ReadOnlySpan<byte> word, ReadOnlySpan<Node> nodes, ref IdBuffer output)
    {
        int before = output.Ids.Length;
        int end = word.Length;
        while (end > 0)
        {
            Node node = nodes[end];
            int start = node.Start;
            if (node.Id != Unknown && node.Id != UnknownTokenId)
            {
                output.Add(node.Id);
            }
            else
            {
                while (start > 0 && FuseUnknown && (nodes[start].Id == Unknown || nodes[start].Id == UnknownTokenId))
                {
                    start = nodes[start].Start;
                }

                WriteUnknown(word[start..end], ref output);
            }

            end = start;
        }

        output.Reverse(before);
    }

    private void WriteUnknown(ReadOnlySpan<byte> text, ref IdBuffer output)
    {
        if (ByteFallback && HasBytes(text))
        {
            for (int i = text.Length - 1; i >= 0; i--)
            {
                output.Add(ByteId(text[i]));
            }
        }
        else if (UnknownTokenId is int unknown)
        {
            output.Add(unknown);
        }
    }

    // What is not UTF-8 is a character of one byte.
    private static int CharacterLength(ReadOnlySpan<byte> text) =>
        text[0] < 0x80 || Rune.DecodeFromUtf8(text, out _, out int length) != OperationStatus.Done ? 1 : length;

    /// <summary>The best segmentation that ends at a place.</summary>
    private readonly record struct Node(double Score, int Start, int Id);
}
