using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>Makes tokenizers from the metadata of GGUF files, as llama.cpp understands it, and back.</summary>
public static class GgufTokenizer
{
    private const string SentencePieceModel = "llama";
    private const string ByteLevelModel = "gpt2";
    private const char Mark = '\u2581';

    // Files that mark these as user-defined would let any text end a turn; llama.cpp takes them for control tokens, too.
    private static readonly ImmutableArray<string> ControlTexts =
        ["</s>", "<|endoftext|>", "<|eot_id|>", "<|eom_id|>", "<|im_end|>", "<|end|>", "<end_of_turn>"];

    /// <summary>The values of <c>tokenizer.ggml.pre</c> that are known for byte-level models.</summary>
    public static ImmutableArray<string> PreTokenizerNames => GgufPreTokenizers.Names;

    /// <summary>Creates the tokenizer that a file describes.</summary>
    /// <param name="data">The metadata.</param>
    /// <param name="path">Name of the file for errors.</param>
    /// <exception cref="InvalidCheckpointException">The metadata contradict themselves, or the kind of tokenizer is not supported.</exception>
    public static Tokenizer Create(GgufTokenizerData data, string path = "GGUF")
    {
        ArgumentNullException.ThrowIfNull(data);
        int count = data.Tokens.Length;
        if (count is 0 or > VocabularyTokenizer.LargestVocabulary)
        {
            throw Error(path, "tokens", $"there are {count}; from 1 to {VocabularyTokenizer.LargestVocabulary} are supported");
        }

        if (data.TokenTypes.Length != 0 && data.TokenTypes.Length != count)
        {
            throw Error(path, "token_type", $"there are {data.TokenTypes.Length} for {count} tokens");
        }

        try
        {
            return data.Model switch
            {
                SentencePieceModel => SentencePiece(data, path),
                ByteLevelModel => ByteLevel(data, path),
                GgufWordPiece.Model => GgufWordPiece.Create(data, Added(data)),
                GgufUnigram.Model => GgufUnigram.Create(data, Added(data)),
                _ => throw Error(
                    path, "model", $"\"{data.Model}\" is not supported; supported are: {SentencePieceModel}, {ByteLevelModel}, {GgufWordPiece.Model}, {GgufUnigram.Model}"),
            };
        }
        catch (InvalidInputException error) when (error is not InvalidCheckpointException)
        {
            throw Error(path, "tokens", error.Message);
        }
    }

    /// <summary>The metadata that describe a tokenizer.</summary>
    /// <exception cref="InvalidInputException">The format has no way to describe this tokenizer.</exception>
    public static GgufTokenizerData ToGguf(Tokenizer tokenizer)
    {
        switch (tokenizer)
        {
            case WordPieceTokenizer words:
                return GgufWordPiece.Describe(words) with { Pair = PairOf(words) };
            case UnigramTokenizer unigram:
                return GgufUnigram.Describe(unigram) with { Pair = PairOf(unigram) };
            default:
                break;
        }

        GgufTokenizerData data = tokenizer switch
        {
            ByteLevelBpeTokenizer byteLevel => FromByteLevel(byteLevel),
            SentencePieceBpeTokenizer pieces => FromSentencePiece(pieces.WithConventionalMark()),
            _ => throw new InvalidInputException($"A {tokenizer.GetType().Name} cannot be written to GGUF."),
        };
        VocabularyTokenizer bpe = (VocabularyTokenizer)tokenizer;
        int? eos = bpe.EosTokenIds is [int first, ..] ? first : null;
        bool bosBefore = bpe.Prefix is [int before] && before == bpe.BosTokenId;
        bool eosAfter = bpe.Suffix is [int after] && after == eos;
        if ((!bosBefore && !bpe.Prefix.IsEmpty) || (!eosAfter && !bpe.Suffix.IsEmpty))
        {
            throw new InvalidInputException("GGUF can put BOS before a text and EOS after it; this tokenizer puts other tokens there.");
        }

        return data with
        {
            BosTokenId = bpe.BosTokenId,
            EosTokenId = eos,
            UnknownTokenId = bpe.UnknownTokenId,
            AddBosToken = bosBefore,
            AddEosToken = eosAfter,
            Pair = PairOf(bpe),
            Normalization = bpe.Normalizer switch
            {
                null => null,
                UnicodeNormalizer unicode => unicode.Name,
                _ => throw new InvalidInputException(
                    $"GGUF cannot hold byte-pair encoding with a normalizer other than a Unicode form; this one has {bpe.Normalizer.GetType().Name}."),
            },
        };
    }

    /// <summary>How two texts are put together, as the metadata have it.</summary>
    /// <exception cref="InvalidInputException">The numbers are malformed.</exception>
    internal static ImmutableArray<TemplatePiece> ReadPair(GgufTokenizerData data)
    {
        ImmutableArray<TemplatePiece>.Builder pieces = ImmutableArray.CreateBuilder<TemplatePiece>();
        for (int i = 0; i + 2 < data.Pair.Length; i += 3)
        {
            (int token, int text, int type) = (data.Pair[i], data.Pair[i + 1], data.Pair[i + 2]);
            if (token < -1 || text is < 0 or > 1 || type < 0)
            {
                throw new InvalidInputException($"moiety.tokenizer.pair is malformed at {i}: {token}, {text}, {type}");
            }

            pieces.Add(token < 0 ? TemplatePiece.OfText(text, type) : TemplatePiece.OfToken(token, type));
        }

        return pieces.ToImmutable();
    }

    private static ImmutableArray<int> PairOf(VocabularyTokenizer tokenizer) =>
        tokenizer.HasUsualPair ? [] : [.. tokenizer.Pair.SelectMany(piece => (int[])[piece.TokenId ?? -1, piece.Sequence, piece.TypeId])];

    private static SentencePieceBpeTokenizer SentencePiece(GgufTokenizerData data, string path)
    {
        int? bos = data.BosTokenId ?? (data.Tokens.Length > 1 ? 1 : null);
        int? eos = data.EosTokenId ?? (data.Tokens.Length > 2 ? 2 : null);
        bool spacePrefix = data.AddSpacePrefix ?? true;
        if (data.Scores.Length != data.Tokens.Length)
        {
            throw Error(path, "scores", $"there are {data.Scores.Length} for {data.Tokens.Length} tokens");
        }

        return SentencePieceBpeTokenizer.FromScores(Pieces(data), data.Scores, Common(new SentencePieceOptions(), data, bos, eos, addsBos: true, path) with
        {
            AddedTokens = IsPhi3(data) ? [.. Added(data).Select(TakeSpacesAfter)] : Added(data),
            UnknownTokenId = data.UnknownTokenId ?? (data.TokenTypes.IndexOf(GgufTokenTypes.Unknown) is >= 0 and int id ? id : null),
            SpacePrefix = spacePrefix ? SpacePrefix.EverySegment : SpacePrefix.None,
            StripsLeadingSpace = spacePrefix,
        });
    }

    private static ByteLevelBpeTokenizer ByteLevel(GgufTokenizerData data, string path)
    {
        string pre = data.Pre ?? "default";
        NamedPreTokenizer known = GgufPreTokenizers.Find(pre)
            ?? throw Error(path, "pre", $"the pre-tokenizer \"{pre}\" is not known; known are: {string.Join(", ", GgufPreTokenizers.Names)}");
        ByteLevelBpeOptions common = Common(new ByteLevelBpeOptions(), data, data.BosTokenId, data.EosTokenId, known.AddsBos, path);
        return new ByteLevelBpeTokenizer(Pieces(data), Merges(data, path), common with
        {
            AddedTokens = Added(data),
            UnknownTokenId = data.UnknownTokenId,
            PreTokenizers = known.Stages,
            IgnoreMerges = known.IgnoresMerges,
        });
    }

    private static string?[] Pieces(GgufTokenizerData data) =>
        [.. data.Tokens.Select((token, id) => TypeOf(data, id) == GgufTokenTypes.Unused ? null : token)];

    private static int TypeOf(GgufTokenizerData data, int id) => data.TokenTypes.IsEmpty ? GgufTokenTypes.Normal : data.TokenTypes[id];

    private static ImmutableArray<AddedToken> Added(GgufTokenizerData data)
    {
        ImmutableArray<AddedToken>.Builder added = ImmutableArray.CreateBuilder<AddedToken>();
        for (int id = 0; id < data.TokenTypes.Length; id++)
        {
            bool special = data.TokenTypes[id] is GgufTokenTypes.Control or GgufTokenTypes.Unknown || ControlTexts.Contains(data.Tokens[id]);
            if ((special || data.TokenTypes[id] == GgufTokenTypes.UserDefined) && data.Tokens[id].Length > 0)
            {
                added.Add(new AddedToken { Id = id, Content = data.Tokens[id], Special = special });
            }
        }

        return added.ToImmutable();
    }

    // The format cannot say that a token takes the spaces after it, which those of Phi-3 do; llama.cpp, too, knows it by the model's name.
    private static bool IsPhi3(GgufTokenizerData data) => data.ModelName is { } name
        && (name.Contains("phi-3", StringComparison.OrdinalIgnoreCase) || name.Contains("phi3", StringComparison.OrdinalIgnoreCase));

    private static AddedToken TakeSpacesAfter(AddedToken token) =>
        token.Content is "<unk>" or "<s>" or "<|endoftext|>" ? token : token with { RightStrip = true };

    private static T Common<T>(T options, GgufTokenizerData data, int? bos, int? eos, bool addsBos, string path)
        where T : TokenizerOptions
    {
        bool before = data.AddBosToken ?? addsBos;
        bool after = data.AddEosToken ?? false;
        if ((before && bos is null && data.AddBosToken == true) || (after && eos is null))
        {
            throw Error(path, before && bos is null ? "add_bos_token" : "add_eos_token", "is set, but the token's id is not given");
        }

        return options with
        {
            BosTokenId = bos,
            EosTokenIds = eos is int last ? [last] : [],
            Prefix = before && bos is int first ? [first] : [],
            Suffix = after && eos is int end ? [end] : [],
            Pair = ReadPair(data),
            Normalizer = data.Normalization is not { } form ? null
                : Enum.GetValues<UnicodeForm>().Where(known => new UnicodeNormalizer(known).Name == form).Select(known => new UnicodeNormalizer(known)).FirstOrDefault()
                ?? throw new InvalidCheckpointException(path, "moiety.tokenizer.normalization", $"\"{form}\" is not known"),
        };
    }

    private static List<BpeMerge> Merges(GgufTokenizerData data, string path)
    {
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < data.Tokens.Length; id++)
        {
            ids.TryAdd(data.Tokens[id], id);
        }

        List<BpeMerge> merges = new(data.Merges.Length);
        foreach (string merge in data.Merges)
        {
            // A piece may begin with a space only in files that spell bytes as they are, so the first space after the first character divides.
            int space = merge.Length > 2 ? merge.IndexOf(' ', 1) : -1;
            if (space < 0 || !ids.TryGetValue(merge[..space], out int left) || !ids.TryGetValue(merge[(space + 1)..], out int right)
                || !ids.TryGetValue(string.Concat(merge.AsSpan(0, space), merge.AsSpan(space + 1)), out int result))
            {
                throw Error(path, "merges", $"number {merges.Count}, \"{merge}\", is not two tokens with a space between them that merge into a third");
            }

            merges.Add(new BpeMerge(left, right, result));
        }

        return merges;
    }

    private static GgufTokenizerData FromByteLevel(ByteLevelBpeTokenizer tokenizer)
    {
        if (tokenizer.AddPrefixSpace)
        {
            throw new InvalidInputException("GGUF cannot say that a byte-level tokenizer puts a space before a text (add_prefix_space).");
        }

        return new GgufTokenizerData
        {
            Model = ByteLevelModel,
            Pre = GgufPreTokenizers.NameOf(tokenizer.PreTokenizers, tokenizer.IgnoreMerges) ?? throw new InvalidInputException(
                $"GGUF has no name for this pre-tokenizer: {string.Join(", ", tokenizer.PreTokenizers.Select(stage => stage.ToString()))}"
                + (tokenizer.IgnoreMerges ? " with ignore_merges." : ".")),
            Tokens = Spell(tokenizer, piece => piece),
            TokenTypes = Types(tokenizer, byteFallback: false),
            Merges = [.. tokenizer.Merges.Select(merge => $"{tokenizer.GetPiece(merge.Left)} {tokenizer.GetPiece(merge.Right)}")],
        };
    }

    private static GgufTokenizerData FromSentencePiece(SentencePieceBpeTokenizer tokenizer)
    {
        if (!tokenizer.PreTokenizers.IsEmpty)
        {
            throw new InvalidInputException("GGUF cannot hold SentencePiece-style byte-pair encoding with pre-tokenizers beside the marks of spaces.");
        }

        ImmutableArray<string> tokens = SpellMarked(tokenizer, keepsSpaces: true);
        if (tokenizer.SplitsAtSpaces && tokens.Any(token => token.LastIndexOf(Mark) > 0))
        {
            throw new InvalidInputException("GGUF cannot say that every space begins a word, which matters to this tokenizer: it has pieces with inner spaces.");
        }

        return new GgufTokenizerData
        {
            Model = SentencePieceModel,
            Pre = "default",
            Tokens = tokens,
            Scores = SentencePieceMerges.ScoresOf(tokenizer),
            TokenTypes = Types(tokenizer, tokenizer.ByteFallback),
            AddSpacePrefix = tokenizer.SpacePrefix != SpacePrefix.None,
        };
    }

    /// <summary>How GGUF spells every id of a tokenizer that marks spaces.</summary>
    /// <param name="tokenizer">The tokenizer.</param>
    /// <param name="keepsSpaces">Whether runs of spaces reach the pieces: then what is found in text as a whole has spaces in place of marks.</param>
    internal static ImmutableArray<string> SpellMarked(SentencePieceTokenizer tokenizer, bool keepsSpaces)
    {
        HashSet<int> whole = [.. tokenizer.WrittenTokens.Where(token => !token.Special).Select(token => token.Id)];
        ImmutableArray<string> spelled = Spell(tokenizer, piece => piece.Replace(' ', Mark));
        return [.. spelled.Select((piece, id) => whole.Contains(id) ? (keepsSpaces ? piece.Replace(Mark, ' ') : tokenizer.GetPiece(id)) : piece)];
    }

    /// <summary>How GGUF spells every id; one that is not in use needs a spelling of its own all the same.</summary>
    internal static ImmutableArray<string> Spell(VocabularyTokenizer tokenizer, Func<string, string> spell) =>
        [.. Enumerable.Range(0, tokenizer.VocabularySize).Select(id => tokenizer.IsUsed(id) ? spell(tokenizer.GetPiece(id)) : $"[PAD{id}]")];

    /// <summary>The type of every id.</summary>
    internal static ImmutableArray<int> Types(VocabularyTokenizer tokenizer, bool byteFallback)
    {
        int[] types = new int[tokenizer.VocabularySize];
        for (int id = 0; id < types.Length; id++)
        {
            bool isByte = byteFallback && SentencePieceBpeTokenizer.TryReadByte(tokenizer.GetPiece(id), out _);
            types[id] = !tokenizer.IsUsed(id) ? GgufTokenTypes.Unused : isByte ? GgufTokenTypes.Byte : GgufTokenTypes.Normal;
        }

        foreach (AddedToken token in tokenizer.WrittenTokens)
        {
            types[token.Id] = token.Special ? GgufTokenTypes.Control : GgufTokenTypes.UserDefined;
        }

        if (tokenizer.UnknownTokenId is int unknown)
        {
            types[unknown] = GgufTokenTypes.Unknown;
        }

        return [.. types];
    }

    private static InvalidCheckpointException Error(string path, string key, string reason) => new(path, $"tokenizer.ggml.{key}", reason);
}
