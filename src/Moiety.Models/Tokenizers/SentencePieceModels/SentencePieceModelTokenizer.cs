using System.Collections.Immutable;
using System.Text;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers.Normalizers;

namespace Moiety.Models.Tokenizers.SentencePieceModels;

/// <summary>Makes tokenizers of SentencePiece models: the ids that the sentencepiece library gives, and what a checkpoint adds.</summary>
internal static class SentencePieceModelTokenizer
{
    private const char Mark = '\u2581';
    private const float SmallestNormal = 1.17549435e-38f;

    /// <summary>Makes the tokenizer.</summary>
    /// <param name="model">The model.</param>
    /// <param name="added">Tokens that the checkpoint adds to those of the model; ids may lie behind the model's.</param>
    /// <param name="template">What comes around a text: prefix, suffix, pair; ids may be those of <paramref name="added"/>.</param>
    /// <param name="path">Name of the file for errors.</param>
    /// <exception cref="InvalidCheckpointException">The model contradicts itself.</exception>
    public static SentencePieceTokenizer Create(
        SentencePieceModel model, ImmutableArray<AddedToken> added, TokenizerOptions template, string path)
    {
        int count = Math.Max(model.Pieces.Length, added.Select(token => token.Id + 1).DefaultIfEmpty().Max());
        string?[] pieces = new string?[count];
        for (int id = 0; id < model.Pieces.Length; id++)
        {
            pieces[id] = model.Pieces[id].Text;
        }

        HashSet<int> overridden = [.. added.Select(token => token.Id)];
        AddedToken[] own =
        [
            .. model.Pieces.Select((piece, id) => (piece, id))
                .Where(entry => entry.piece.Type is SentencePieceType.Control or SentencePieceType.Unknown && !overridden.Contains(entry.id))
                .Select(entry => new AddedToken { Id = entry.id, Content = entry.piece.Text, Special = true }),
        ];
        int unknown = Enumerable.Range(0, model.Pieces.Length).FirstOrDefault(id => model.Pieces[id].Type == SentencePieceType.Unknown, -1);
        SentencePieceOptions options = new()
        {
            AddedTokens = [.. own, .. added],
            BosTokenId = template.BosTokenId,
            EosTokenIds = template.EosTokenIds,
            UnknownTokenId = unknown >= 0 ? unknown : null,
            Prefix = template.Prefix,
            Suffix = template.Suffix,
            Pair = template.Pair,
            Normalizer = NormalizerOf(model, template),
            SpaceMark = model.EscapeWhitespaces ? Mark : ' ',
            SpacePrefix = model.AddDummyPrefix ? SpacePrefix.EverySegment : SpacePrefix.None,
            StripsLeadingSpace = model.AddDummyPrefix,
            ByteFallback = model.ByteFallback,
            UserDefined = [.. Enumerable.Range(0, model.Pieces.Length).Where(id => model.Pieces[id].Type == SentencePieceType.UserDefined && !overridden.Contains(id))],
        };
        try
        {
            return model.Type == SentencePieceModelType.Bpe ? Bpe(model, pieces, options) : Unigram(model, pieces, options);
        }
        catch (InvalidInputException error) when (error is not InvalidCheckpointException)
        {
            throw new InvalidCheckpointException(path, "pieces", error.Message);
        }
    }

    // The library looks for the highest score from the smallest number above zero on, so that user-defined pieces win over all others.
    private static UnigramTokenizer Unigram(SentencePieceModel model, string?[] pieces, SentencePieceOptions options)
    {
        float lowest = float.MaxValue;
        float highest = SmallestNormal;
        foreach (SentencePiece piece in model.Pieces)
        {
            if (piece.Type == SentencePieceType.Normal)
            {
                lowest = Math.Min(lowest, piece.Score);
                highest = Math.Max(highest, piece.Score);
            }
        }

        double[] scores = new double[pieces.Length];
        for (int id = 0; id < model.Pieces.Length; id++)
        {
            SentencePiece piece = model.Pieces[id];
            scores[id] = piece.Type == SentencePieceType.UserDefined
                ? (double)(Encoding.UTF8.GetByteCount(piece.Text) * highest) - 0.1
                : piece.Score;
            pieces[id] = piece.Type == SentencePieceType.Unused ? null : pieces[id];
        }

        return new UnigramTokenizer(pieces, scores, new UnigramOptions(options)
        {
            SinglePrecision = true,
            UnknownScore = lowest < float.MaxValue ? lowest - (float)UnigramTokenizer.UnknownPenalty : null,
            FuseUnknown = true,
        });
    }

    private static SentencePieceBpeTokenizer Bpe(SentencePieceModel model, string?[] pieces, SentencePieceOptions options)
    {
        if (model.Pieces.Any(piece => piece.Type == SentencePieceType.Unused))
        {
            throw new InvalidInputException("Byte-pair encoding with pieces that are only steps to others (UNUSED) is not supported.");
        }

        float[] scores = new float[pieces.Length];
        for (int id = 0; id < model.Pieces.Length; id++)
        {
            scores[id] = model.Pieces[id].Score;
        }

        return SentencePieceBpeTokenizer.FromScores(pieces, scores, options with { FuseUnknown = true });
    }

    private static Normalizer? NormalizerOf(SentencePieceModel model, TokenizerOptions template)
    {
        SentencePieceNormalizer own = new(model.Normalizer.Map)
        {
            RemoveExtraWhitespaces = model.Normalizer.RemoveExtraWhitespaces,
            EscapesWhitespaces = model.EscapeWhitespaces,
            Verbatim = [.. model.Pieces.Where(piece => piece.Type == SentencePieceType.UserDefined).Select(piece => piece.Text)],
        };
        return template.Normalizer is { } before
            ? own.IsIdentity ? before : new SequenceNormalizer([before, own])
            : own.IsIdentity ? null : own;
    }
}
