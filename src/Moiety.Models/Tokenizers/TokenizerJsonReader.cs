using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Reads a <c>tokenizer.json</c> of model type BPE, Unigram or WordPiece. What a component means is in <see cref="TokenizerJsonComponents"/>; a component
/// that is not known is an error that names it, since a tokenizer that is almost right would give wrong ids in silence.
/// </summary>
internal static class TokenizerJsonReader
{
    /// <summary>Reads the files.</summary>
    /// <param name="root"><c>tokenizer.json</c>.</param>
    /// <param name="config"><c>tokenizer_config.json</c>, or null.</param>
    /// <param name="specialTokens"><c>special_tokens_map.json</c>, which older folders have instead of entries in the configuration; or null.</param>
    /// <param name="path">Name of the file for errors.</param>
    public static Tokenizer Read(JsonField root, JsonField? config, JsonField? specialTokens, string path)
    {
        JsonField model = root.Get("model");

        // Files from before 2020 have no type; theirs is told by the other members.
        string type = model.Text("type") ?? (model.Has("merges") ? "BPE" : model.Has("max_input_chars_per_word") ? "WordPiece" : "without type");
        double[] scores = [];
        List<string?> pieces = type switch
        {
            "BPE" or "WordPiece" => ReadVocabulary(model.Get("vocab")),
            "Unigram" => ReadScoredVocabulary(model.Get("vocab"), out scores),
            _ => throw model.Error($"the tokenizer model \"{type}\" is not supported; supported are BPE, Unigram and WordPiece"),
        };
        Dictionary<string, int> ids = new(pieces.Count, StringComparer.Ordinal);
        for (int id = 0; id < pieces.Count; id++)
        {
            if (pieces[id] is { } piece)
            {
                // Unigram lists may have a piece twice; the last one counts.
                ids[piece] = id;
            }
        }

        int modelCount = pieces.Count;
        ImmutableArray<AddedToken> added = ReadAddedTokens(root.Find("added_tokens"), config, pieces, ids);
        specialTokens = config?.Has("added_tokens_decoder") == true ? null : specialTokens;
        TokenizerJsonComponents components = TokenizerJsonComponents.Read(root, added, type);
        try
        {
            return type switch
            {
                "Unigram" => Unigram(pieces, scores, Common(new UnigramOptions(), model, (config, specialTokens), ids, added, components), model, components, modelCount),
                "WordPiece" => WordPiece(pieces, Common(new WordPieceOptions(), model, (config, specialTokens), ids, added, components), model, components),
                _ => Bpe(pieces, model, (config, specialTokens), ids, added, components),
            };
        }
        catch (InvalidInputException error) when (error is not InvalidCheckpointException)
        {
            throw new InvalidCheckpointException(path, "vocabulary", error.Message);
        }
    }

    private static VocabularyTokenizer Bpe(
        List<string?> pieces,
        JsonField model,
        (JsonField? Config, JsonField? SpecialTokens) files,
        Dictionary<string, int> ids,
        ImmutableArray<AddedToken> added,
        TokenizerJsonComponents components)
    {
        RequirePlainBpe(model);
        BpeMerge[] merges = ReadMerges(model.Get("merges"), ids);
        return components.IsByteLevel
            ? ByteLevel(pieces, merges, Common(new ByteLevelBpeOptions(), model, files, ids, added, components), model, components)
            : SentencePiece(pieces, merges, Common(new SentencePieceOptions(), model, files, ids, added, components), model, components);
    }

    private static UnigramTokenizer Unigram(
        List<string?> pieces, double[] scores, UnigramOptions common, JsonField model, TokenizerJsonComponents components, int modelCount)
    {
        double lowest = scores.Length == 0 ? 0 : scores.Min();
        return new UnigramTokenizer(pieces, [.. scores, .. Enumerable.Repeat(0.0, pieces.Count - modelCount)], common with
        {
            UnknownTokenId = model.Find("unk_id")?.Count(modelCount),
            UnknownScore = lowest - UnigramTokenizer.UnknownPenalty,
            MatchesBytePieces = true,
            PreTokenizers = components.PreTokenizers,
            SpaceMark = components.MarksSpaces ? '\u2581' : ' ',
            SpacePrefix = components.SpacePrefix,
            SplitsAtSpaces = components.SplitsAtSpaces,
            StripsLeadingSpace = false,
            ByteFallback = model.Boolean("byte_fallback", absent: false),
            FuseUnknown = true,
        });
    }

    private static WordPieceTokenizer WordPiece(List<string?> pieces, WordPieceOptions common, JsonField model, TokenizerJsonComponents components) =>
        new(pieces, common with
        {
            PreTokenizers = components.PreTokenizers,
            ContinuingPrefix = model.Text("continuing_subword_prefix") ?? "##",
            LongestWord = model.Int32("max_input_chars_per_word") ?? 100,
        });

    private static ByteLevelBpeTokenizer ByteLevel(
        List<string?> pieces, BpeMerge[] merges, ByteLevelBpeOptions common, JsonField model, TokenizerJsonComponents components) =>
        new(pieces, merges, common with
        {
            PreTokenizers = components.PreTokenizers,
            IgnoreMerges = model.Boolean("ignore_merges", absent: false),
        });

    private static SentencePieceBpeTokenizer SentencePiece(
        List<string?> pieces, BpeMerge[] merges, SentencePieceOptions common, JsonField model, TokenizerJsonComponents components) =>
        SentencePieceBpeTokenizer.FromMerges(pieces, merges, common with
        {
            PreTokenizers = components.PreTokenizers,
            SpacePrefix = components.SpacePrefix,
            SplitsAtSpaces = components.SplitsAtSpaces,
            StripsLeadingSpace = false,
            ByteFallback = model.Boolean("byte_fallback", absent: false),
            FuseUnknown = model.Boolean("fuse_unk", absent: false),
        });

    private static void RequirePlainBpe(JsonField model)
    {
        foreach (string key in (ReadOnlySpan<string>)["continuing_subword_prefix", "end_of_word_suffix"])
        {
            if (model.Text(key) is { Length: > 0 } text)
            {
                throw model.Error($"{key} \"{text}\" is not supported; supported is BPE without marks inside of words");
            }
        }

        if (model.Single("dropout") is > 0 and float dropout)
        {
            throw model.Error("dropout", $"{dropout} is not supported: ids would be random");
        }
    }

    /// <summary>Reads an object of pieces and their ids; ids that are not in use are null.</summary>
    internal static List<string?> ReadVocabulary(JsonField vocabulary)
    {
        List<string?> pieces = [];
        HashSet<string> seen = new(StringComparer.Ordinal);
        foreach ((string piece, JsonField value) in vocabulary.Members())
        {
            int id = value.Count(VocabularyTokenizer.LargestVocabulary);
            Extend(pieces, id);
            if (pieces[id] is not null || !seen.Add(piece))
            {
                throw vocabulary.Error($"the id {id} or the piece \"{piece}\" is there twice");
            }

            pieces[id] = piece;
        }

        return pieces.Count > 0 ? pieces : throw vocabulary.Error("it is empty");
    }

    private static List<string?> ReadScoredVocabulary(JsonField vocabulary, out double[] scores)
    {
        List<string?> pieces = new(vocabulary.Length());
        List<double> numbers = new(pieces.Capacity);
        foreach (JsonField entry in vocabulary.Items())
        {
            if (entry.Items().ToArray() is not [var piece, var score] || pieces.Count == VocabularyTokenizer.LargestVocabulary)
            {
                throw entry.Error("must be a piece and its score, one of not too many");
            }

            pieces.Add(piece.Text());
            numbers.Add(score.Double());
        }

        scores = [.. numbers];
        return pieces.Count > 0 ? pieces : throw vocabulary.Error("it is empty");
    }

    private static BpeMerge[] ReadMerges(JsonField field, Dictionary<string, int> ids)
    {
        List<BpeMerge> merges = new(field.Length());
        foreach (JsonField item in field.Items())
        {
            (string left, string right) = ReadPair(item);
            if (!ids.TryGetValue(left, out int leftId) || !ids.TryGetValue(right, out int rightId) || !ids.TryGetValue(left + right, out int result))
            {
                throw item.Error($"\"{left}\" + \"{right}\" or what they merge into is not in the vocabulary");
            }

            merges.Add(new BpeMerge(leftId, rightId, result));
        }

        return [.. merges];
    }

    private static (string Left, string Right) ReadPair(JsonField item)
    {
        if (item.IsList)
        {
            return item.Items().ToArray() is [var first, var second]
                ? (first.Text(), second.Text())
                : throw item.Error("must be a pair of pieces");
        }

        string text = item.Text();
        int space = text.IndexOf(' ', StringComparison.Ordinal);
        return space > 0 && space < text.Length - 1 && text.IndexOf(' ', space + 1) < 0
            ? (text[..space], text[(space + 1)..])
            : throw item.Error("must be two pieces with a space between them");
    }

    // What the configuration says of a token goes before what the file says, as in transformers.
    private static ImmutableArray<AddedToken> ReadAddedTokens(JsonField? field, JsonField? config, List<string?> pieces, Dictionary<string, int> ids)
    {
        Dictionary<int, AddedToken> added = [];
        foreach (JsonField item in field?.Items() ?? [])
        {
            AddedToken token = ReadAddedToken(item, item.Get("id").Count(VocabularyTokenizer.LargestVocabulary), pieces, ids);
            if (!added.TryAdd(token.Id, token))
            {
                throw item.Error($"\"{token.Content}\" with id {token.Id} clashes with another token");
            }
        }

        if (config?.Object("added_tokens_decoder") is { } decoder)
        {
            foreach ((string key, JsonField item) in decoder.Members())
            {
                int id = TokenizerFolderConfig.ReadId(decoder, key);
                bool isPiece = added.TryGetValue(id, out AddedToken? known) ? known.IsPiece : id < pieces.Count && pieces[id] is not null;
                added[id] = ReadAddedToken(item, id, pieces, ids) with { IsPiece = isPiece };
            }
        }

        return [.. added.Values];
    }

    private static AddedToken ReadAddedToken(JsonField item, int id, List<string?> pieces, Dictionary<string, int> ids)
    {
        Extend(pieces, id);
        AddedToken token = new()
        {
            Id = id,
            Content = item.Get("content").Text(),
            SingleWord = item.Boolean("single_word", absent: false),
            LeftStrip = item.Boolean("lstrip", absent: false),
            RightStrip = item.Boolean("rstrip", absent: false),
            Normalized = item.Boolean("normalized", absent: true),
            Special = item.Boolean("special", absent: false),
            IsPiece = pieces[id] is not null,
        };
        if ((pieces[id] is { } piece && piece != token.Content) || (ids.TryGetValue(token.Content, out int other) && other != id))
        {
            throw item.Error($"\"{token.Content}\" with id {id} clashes with another token");
        }

        pieces[id] = token.Content;
        ids[token.Content] = id;
        return token;
    }

    private static T Common<T>(
        T options,
        JsonField model,
        (JsonField? Config, JsonField? SpecialTokens) files,
        Dictionary<string, int> ids,
        ImmutableArray<AddedToken> added,
        TokenizerJsonComponents components)
        where T : TokenizerOptions
    {
        JsonField? config = files.Config;
        int? bos = FindToken(config, "bos_token", ids) ?? FindToken(files.SpecialTokens, "bos_token", ids);
        int? eos = FindToken(config, "eos_token", ids) ?? FindToken(files.SpecialTokens, "eos_token", ids);
        ImmutableArray<int> prefix = components.Template?.Prefix ?? [];

        // Without a tokenizer_config.json, a special token that the template puts first is the one that starts a sequence.
        bos ??= config is null && prefix is [int start] && added.Any(token => token.Id == start && token.Special) ? start : null;
        if (components.Template is null && bos is int first && config?.Boolean("add_bos_token", absent: false) == true)
        {
            prefix = [first];
        }

        ImmutableArray<int> suffix = components.Template?.Suffix ?? [];
        if (components.Template is null && eos is int end && config?.Boolean("add_eos_token", absent: false) == true)
        {
            suffix = [end];
        }

        return options with
        {
            AddedTokens = added,
            BosTokenId = bos,
            EosTokenIds = eos is int last ? [last] : [],
            UnknownTokenId = FindToken(model, "unk_token", ids),
            Prefix = prefix,
            Suffix = suffix,
            Pair = components.Template?.Pair ?? [],
            Normalizer = components.Normalizer,
            Decoder = components.Decoder,
        };
    }

    // A token is given as its text or as an object with "content".
    private static int? FindToken(JsonField? owner, string key, Dictionary<string, int> ids)
    {
        if (owner?.Find(key) is not { } field)
        {
            return null;
        }

        string content = field.IsObject ? field.Get("content").Text() : field.Text();
        return ids.TryGetValue(content, out int id) ? id : throw field.Error($"\"{content}\" is not in the vocabulary");
    }

    private static void Extend(List<string?> pieces, int id)
    {
        for (int i = pieces.Count; i <= id; i++)
        {
            pieces.Add(null);
        }
    }
}
