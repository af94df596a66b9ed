using System.Collections.Immutable;
using Moiety.Models.Tokenizers.Normalizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Unigram in GGUF (<c>tokenizer.ggml.model</c> = <c>t5</c>), with the normalizer of a SentencePiece model. As in llama.cpp, scores are
/// summed in double precision, and user-defined tokens are cut out before normalization.
/// </summary>
internal static class GgufUnigram
{
    /// <summary>The value of <c>tokenizer.ggml.model</c>.</summary>
    public const string Model = "t5";

    private const int UsualEnd = 1;
    private const int UsualUnknown = 2;

    /// <summary>Creates the tokenizer.</summary>
    /// <param name="data">The metadata.</param>
    /// <param name="added">The tokens that are not pieces.</param>
    public static UnigramTokenizer Create(GgufTokenizerData data, ImmutableArray<AddedToken> added)
    {
        int? bos = data.BosTokenId;
        int? eos = data.EosTokenId ?? (data.Tokens.Length > UsualEnd ? UsualEnd : null);
        int? unknown = data.UnknownTokenId ?? (data.Tokens.Length > UsualUnknown ? UsualUnknown : null);
        if (data.Scores.Length != data.Tokens.Length)
        {
            throw new InvalidInputException($"there are {data.Scores.Length} scores for {data.Tokens.Length} tokens");
        }

        float lowest = float.MaxValue;
        string?[] pieces = new string?[data.Tokens.Length];
        for (int id = 0; id < pieces.Length; id++)
        {
            int type = data.TokenTypes.IsEmpty ? GgufTokenTypes.Normal : data.TokenTypes[id];
            pieces[id] = type == GgufTokenTypes.Unused ? null : data.Tokens[id];
            lowest = type == GgufTokenTypes.Normal ? Math.Min(lowest, data.Scores[id]) : lowest;
        }

        // Where runs of spaces become one, every word gets a space before it, whatever add_space_prefix says.
        bool merges = data.RemoveExtraWhitespaces ?? false;
        bool prefix = merges || (data.AddSpacePrefix ?? false);
        SentencePieceNormalizer normalizer = new(data.PrecompiledCharsmap.IsEmpty ? null : new CharacterMap(data.PrecompiledCharsmap.ToArray()))
        {
            RemoveExtraWhitespaces = merges,
            EscapesWhitespaces = false,
        };
        return new UnigramTokenizer(pieces, [.. data.Scores.Select(score => (double)score)], new UnigramOptions
        {
            AddedTokens = added,
            BosTokenId = bos,
            EosTokenIds = eos is int last ? [last] : [],
            UnknownTokenId = unknown,
            Prefix = (data.AddBosToken ?? false) && bos is int first ? [first] : [],
            Suffix = (data.AddEosToken ?? true) && eos is int end ? [end] : [],
            Pair = GgufTokenizer.ReadPair(data),
            Normalizer = normalizer.IsIdentity ? null : normalizer,
            SpacePrefix = prefix ? SpacePrefix.EverySegment : SpacePrefix.None,
            StripsLeadingSpace = prefix,
            UnknownScore = lowest < float.MaxValue ? lowest - (float)UnigramTokenizer.UnknownPenalty : null,
            ByteFallback = data.TokenTypes.Contains(GgufTokenTypes.Byte),
            FuseUnknown = true,
        });
    }

    /// <summary>The metadata that describe a tokenizer.</summary>
    /// <exception cref="InvalidInputException">The format has no way to describe this tokenizer.</exception>
    public static GgufTokenizerData Describe(UnigramTokenizer tokenizer)
    {
        SentencePieceNormalizer normalizer = tokenizer.Normalizer is null ? new(null) { RemoveExtraWhitespaces = false }
            : SentencePieceNormalizer.TryUnderstand(tokenizer.Normalizer)
            ?? throw new InvalidInputException("GGUF can hold Unigram with the normalizer of a SentencePiece model; this tokenizer has another one.");
        if (!tokenizer.PreTokenizers.IsEmpty || tokenizer.SpaceMark != '\u2581' || tokenizer.Prefix.Length > 1 || tokenizer.Suffix.Length > 1)
        {
            throw new InvalidInputException("GGUF can hold Unigram with marked spaces only, and at most one token before a text and one after it.");
        }

        if (normalizer.RemoveExtraWhitespaces && tokenizer.SpacePrefix == SpacePrefix.None)
        {
            throw new InvalidInputException("GGUF cannot say that Unigram drops spaces at the ends of a text and puts none before it.");
        }

        int? bos = tokenizer.Prefix is [var before] ? before : tokenizer.BosTokenId;
        int? eos = tokenizer.Suffix is [var after] ? after : tokenizer.EosTokenIds is [var first, ..] ? first : null;
        return new GgufTokenizerData
        {
            Model = Model,
            Pre = "default",
            Tokens = GgufTokenizer.SpellMarked(tokenizer, keepsSpaces: !normalizer.RemoveExtraWhitespaces),
            Scores = [.. tokenizer.Scores.Select(score => (float)score)],
            TokenTypes = GgufTokenizer.Types(tokenizer, tokenizer.ByteFallback),
            BosTokenId = bos,
            EosTokenId = eos,
            UnknownTokenId = tokenizer.UnknownTokenId,
            AddBosToken = tokenizer.Prefix.Length == 1,
            AddEosToken = tokenizer.Suffix.Length == 1,
            AddSpacePrefix = tokenizer.SpacePrefix != SpacePrefix.None,
            RemoveExtraWhitespaces = normalizer.RemoveExtraWhitespaces,
            PrecompiledCharsmap = normalizer.Map is { } map ? [.. map.Contents.Span] : [],
        };
    }
}
