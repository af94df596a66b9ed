using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;
using Moiety.Models.Tokenizers.PostProcessors;

namespace Moiety.Decoding.Encoders;

/// <summary>
/// Turns texts into what an encoder takes. A text that is too long loses its end, of two the longer one, token after token; the special
/// tokens around them stay.
/// </summary>
internal sealed class EncoderInputs(ModelConfig config, Tokenizer tokenizer, int maxTokens)
{
    /// <summary>Tokens of an input at most.</summary>
    public int MaxTokens => maxTokens;

    /// <summary>One text.</summary>
    /// <exception cref="InvalidInputException">It has no tokens.</exception>
    public EncoderInput Encode(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        int[] ids = tokenizer.Encode(text);
        if (ids.Length > maxTokens)
        {
            int[] suffix = tokenizer is VocabularyTokenizer { Suffix: { IsDefaultOrEmpty: false } after } ? [.. after] : [];
            ids = suffix.Length < maxTokens
                ? [.. ids[..(maxTokens - suffix.Length)], .. suffix]
                : throw TooShort(suffix.Length);
        }

        return ids.Length > 0
            ? new EncoderInput(ids, [])
            : throw new InvalidInputException("The text is empty, and the tokenizer puts no token around it: there is nothing to encode.");
    }

    /// <summary>Two texts that belong together.</summary>
    /// <exception cref="InvalidInputException">They are too long and cannot be cut, or have no tokens.</exception>
    public EncoderInput Encode(string first, string second)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        TokenPair pair = tokenizer.EncodePair(first, second);
        if (pair.Ids.Length > maxTokens)
        {
            pair = tokenizer is VocabularyTokenizer known
                ? Shorten(known, first, second)
                : throw new InvalidInputException($"The texts have {pair.Ids.Length} tokens, the model takes {maxTokens}: shorten them.");
        }

        // Models with one type, or none, tell the texts apart by the tokens between them.
        return pair.Ids.Length > 0
            ? new EncoderInput(pair.Ids, config.TokenTypeCount > 1 ? pair.TypeIds : [])
            : throw new InvalidInputException("Both texts are empty, and the tokenizer puts no token around them: there is nothing to encode.");
    }

    private TokenPair Shorten(VocabularyTokenizer known, string first, string second)
    {
        int[][] texts = [known.Encode(first, addSpecialTokens: false), known.Encode(second, addSpecialTokens: false)];
        int between = known.Pair.Count(piece => piece.TokenId is not null);
        if (between >= maxTokens)
        {
            throw TooShort(between);
        }

        int[] lengths = [texts[0].Length, texts[1].Length];
        int excess = between + lengths[0] + lengths[1] - maxTokens;

        // The longer one is cut down to the other first, then both in turn: what cutting token after token comes to.
        int longer = lengths[0] > lengths[1] ? 0 : 1;
        int alone = Math.Min(excess, lengths[longer] - lengths[1 - longer]);
        lengths[longer] -= alone;
        excess -= alone;
        lengths[1] -= (excess + 1) / 2;
        lengths[0] -= excess / 2;

        List<int> ids = [];
        List<int> types = [];
        foreach (TemplatePiece piece in known.Pair)
        {
            ReadOnlySpan<int> tokens = piece.TokenId is { } id ? [id] : texts[piece.Sequence].AsSpan(0, lengths[piece.Sequence]);
            ids.AddRange(tokens);
            types.AddRange(Enumerable.Repeat(piece.TypeId, tokens.Length));
        }

        return new TokenPair([.. ids], [.. types]);
    }

    private InvalidInputException TooShort(int special) =>
        new($"Texts may have {maxTokens} tokens, but the tokenizer alone puts {special} around them: allow more.");
}
