using System.Collections.Immutable;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// WordPiece in GGUF (<c>tokenizer.ggml.model</c> = <c>bert</c>): a piece that begins a word has U+2581 before it, one that continues a
/// word has no mark, one in brackets is as it is. The format does not say how BERT normalizes: the case is lowered, and accents are
/// dropped, unless the vocabulary has capitals. (llama.cpp lowers the case of every text and keeps accents that stand apart.)
/// </summary>
internal static class GgufWordPiece
{
    /// <summary>The value of <c>tokenizer.ggml.model</c>.</summary>
    public const string Model = "bert";

    private const char Mark = '\u2581';
    private const string Continuing = "##";
    private const int UsualUnknown = 100;
    private const int UsualStart = 101;
    private const int UsualSeparator = 102;

    /// <summary>Creates the tokenizer.</summary>
    /// <param name="data">The metadata.</param>
    /// <param name="added">The tokens that are not pieces.</param>
    public static WordPieceTokenizer Create(GgufTokenizerData data, ImmutableArray<AddedToken> added)
    {
        HashSet<int> whole = [.. added.Select(token => token.Id)];
        string?[] pieces = new string?[data.Tokens.Length];
        bool capitals = false;
        for (int id = 0; id < pieces.Length; id++)
        {
            string token = data.Tokens[id];
            bool unused = !data.TokenTypes.IsEmpty && data.TokenTypes[id] == GgufTokenTypes.Unused;
            bool plain = whole.Contains(id) || IsBracketed(token);
            pieces[id] = unused || token.Length == 0 ? null : plain ? token : token[0] == Mark ? token[1..] : Continuing + token;
            capitals |= !unused && !plain && HasCapitals(token);
        }

        int start = data.BosTokenId ?? data.ClsTokenId ?? UsualStart;
        int end = data.SeparatorTokenId ?? data.EosTokenId ?? UsualSeparator;
        TemplatePiece[] single = [TemplatePiece.OfToken(start, 0), TemplatePiece.OfText(0, 0), TemplatePiece.OfToken(end, 0)];
        return new WordPieceTokenizer(pieces, new WordPieceOptions
        {
            AddedTokens = added,
            UnknownTokenId = data.UnknownTokenId ?? UsualUnknown,
            Prefix = data.AddBosToken ?? true ? [start] : [],
            Suffix = data.AddSepToken ?? data.AddEosToken ?? true ? [end] : [],
            Pair = !data.Pair.IsEmpty ? GgufTokenizer.ReadPair(data) : [.. single, TemplatePiece.OfText(1, 1), TemplatePiece.OfToken(end, 1)],
            Normalizer = new BertNormalizer { Lowercase = !capitals },
            LongestWord = int.MaxValue,
        });
    }

    /// <summary>The metadata that describe a tokenizer.</summary>
    /// <exception cref="InvalidInputException">The format has no way to describe this tokenizer.</exception>
    public static GgufTokenizerData Describe(WordPieceTokenizer tokenizer)
    {
        HashSet<int> whole = [.. tokenizer.AddedTokens.Select(token => token.Id)];
        bool capitals = Enumerable.Range(0, tokenizer.VocabularySize)
            .Any(id => !whole.Contains(id) && !IsBracketed(tokenizer.GetPiece(id)) && HasCapitals(tokenizer.GetPiece(id)));
        if (tokenizer.Normalizer is not BertNormalizer { CleanText: true, HandleChineseChars: true } normalizer
            || normalizer.Lowercase == capitals || (normalizer.StripAccents ?? normalizer.Lowercase) != normalizer.Lowercase
            || tokenizer.PreTokenizers is not [BertPreTokenizer] || tokenizer.ContinuingPrefix != Continuing)
        {
            throw new InvalidInputException("GGUF can hold WordPiece as BERT has it, uncased, or cased with capitals in the vocabulary; this one is different.");
        }

        if (tokenizer is not { Prefix: [var start], Suffix: [var end] })
        {
            throw new InvalidInputException("GGUF can hold WordPiece with one token before a text and one after it, as BERT has them.");
        }

        return new GgufTokenizerData
        {
            Model = Model,
            Tokens = GgufTokenizer.Spell(tokenizer, piece => IsBracketed(piece) ? piece
                : piece.StartsWith(Continuing, StringComparison.Ordinal) ? piece[Continuing.Length..]
                : Mark + piece),
            TokenTypes = GgufTokenizer.Types(tokenizer, byteFallback: false),
            BosTokenId = start,
            ClsTokenId = start,
            SeparatorTokenId = end,
            UnknownTokenId = tokenizer.UnknownTokenId,
            AddBosToken = true,
            AddSepToken = true,
        };
    }

    private static bool IsBracketed(string token) => token.Length > 2 && token[0] == '[' && token[^1] == ']';

    private static bool HasCapitals(string token) => token.AsSpan().ContainsAnyInRange('A', 'Z');
}
