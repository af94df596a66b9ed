using System.Collections.Immutable;
using System.Text;
using System.Text.Unicode;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;
using Moiety.Models.Tokenizers.Normalizers;
using Moiety.Models.Tokenizers.PostProcessors;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Reads <c>vocab.json</c> with the <c>merges.txt</c> beside it (or OpenAI's <c>encoder.json</c> and <c>vocab.bpe</c>), the way byte-level
/// models without a <c>tokenizer.json</c> have them. How text is cut and what is put around it is told by the tokenizer's class.
/// </summary>
internal static class ByteLevelVocabulary
{
    private const string Header = "#version";

    private static readonly ImmutableArray<(string Vocabulary, string Merges)> Pairs = [("vocab.json", "merges.txt"), ("encoder.json", "vocab.bpe")];

    private static readonly ImmutableArray<TokenizerClass> Classes =
    [
        new(["GPT2Tokenizer", "CodeGenTokenizer"], Template.None, Bos: "<|endoftext|>", Eos: "<|endoftext|>"),
        new(["RobertaTokenizer", "BartTokenizer", "LongformerTokenizer", "LEDTokenizer"], Template.Roberta, Bos: "<s>", Eos: "</s>")
        {
            Special = [("unk_token", "<unk>"), ("cls_token", "<s>"), ("sep_token", "</s>"), ("pad_token", "<pad>"), ("mask_token", "<mask>")],
        },
        new(["DebertaTokenizer"], Template.Bert, Bos: "[CLS]", Eos: "[SEP]")
        {
            Special = [("unk_token", "[UNK]"), ("cls_token", "[CLS]"), ("sep_token", "[SEP]"), ("pad_token", "[PAD]"), ("mask_token", "[MASK]")],
        },
        new(["Qwen2Tokenizer"], Template.None, Bos: null, Eos: "<|endoftext|>") { Pattern = KnownPatterns.Qwen2, Composes = true },
    ];

    private enum Template
    {
        None,
        Bert,
        Roberta,
    }

    /// <summary>Names of the vocabulary's file.</summary>
    public static ImmutableArray<string> FileNames { get; } = [.. Pairs.Select(static pair => pair.Vocabulary)];

    /// <summary>Reads the two files, with the settings beside them.</summary>
    /// <param name="path">The vocabulary.</param>
    /// <exception cref="InvalidCheckpointException">A file is missing or malformed, or belongs to a tokenizer of another kind.</exception>
    public static ByteLevelBpeTokenizer ReadFile(string path)
    {
        string folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        string merges = Pairs.FirstOrDefault(pair => pair.Vocabulary == Path.GetFileName(path), Pairs[0]).Merges;
        string mergesPath = Path.Combine(folder, merges);
        return File.Exists(mergesPath)
            ? Read(TokenizerJson.ReadBytes(path), TokenizerJson.ReadBytes(mergesPath), TokenizerFolderConfig.Read(folder), path, mergesPath)
            : throw new InvalidCheckpointException(folder, merges, $"the file is missing; {Path.GetFileName(path)} alone does not say how bytes are merged");
    }

    /// <summary>Reads the contents of the two files.</summary>
    /// <param name="vocabulary">Contents of <c>vocab.json</c>.</param>
    /// <param name="merges">Contents of <c>merges.txt</c>.</param>
    /// <param name="config">The settings beside them.</param>
    /// <param name="path">Name of the vocabulary for errors.</param>
    /// <param name="mergesPath">Name of the merges for errors.</param>
    /// <exception cref="InvalidCheckpointException">A file is malformed, or belongs to a tokenizer of another kind.</exception>
    public static ByteLevelBpeTokenizer Read(byte[] vocabulary, ReadOnlySpan<byte> merges, TokenizerFolderConfig config, string path, string mergesPath)
    {
        List<string?> pieces = TokenizerJsonReader.ReadVocabulary(JsonField.Parse(path, vocabulary, allowDuplicates: true));
        Dictionary<string, int> ids = new(StringComparer.Ordinal);
        for (int id = 0; id < pieces.Count; id++)
        {
            if (pieces[id] is { } piece)
            {
                ids.Add(piece, id);
            }
        }

        TokenizerClass kind = FindClass(config, ids, path);
        List<BpeMerge> ranked = ReadMerges(merges, ids, mergesPath);
        ImmutableArray<AddedToken> added = AddTokens(config, kind, pieces, ids, path);
        int? bos = Find(config, "bos_token", kind.Bos, ids, path);
        int? eos = Find(config, "eos_token", kind.Eos, ids, path);
        bool addsBos = kind.Template == Template.None && config.Flag("add_bos_token") == true;
        if (addsBos && bos is null)
        {
            throw config.Error("add_bos_token", "is set, but there is no bos_token");
        }

        ByteLevelBpeOptions options = new()
        {
            AddedTokens = added,
            BosTokenId = bos,
            EosTokenIds = eos is int end ? [end] : [],
            Prefix = addsBos ? [bos!.Value] : [],
            Normalizer = kind.Composes ? new UnicodeNormalizer(UnicodeForm.Nfc) : null,
            PreTokenizers = kind.Pattern is { } pattern
                ? [new SplitPreTokenizer(pattern), new ByteLevelPreTokenizer(usesPattern: false)]
                : [new ByteLevelPreTokenizer(config.Flag("add_prefix_space") ?? false)],
        };
        try
        {
            return new ByteLevelBpeTokenizer(pieces, ranked, kind.Template == Template.None ? options : Surround(options, config, kind, ids, path));
        }
        catch (InvalidInputException error) when (error is not InvalidCheckpointException)
        {
            throw new InvalidCheckpointException(path, "vocabulary", error.Message);
        }
    }

    private static TokenizerClass FindClass(TokenizerFolderConfig config, Dictionary<string, int> ids, string path)
    {
        if (config.Class is not { } name)
        {
            return ids.ContainsKey(Classes[0].Bos!) ? Classes[0] : throw new InvalidCheckpointException(
                path, "tokenizer_class", $"there is no {TokenizerJson.ConfigFileName} that names the tokenizer's class, and it is not GPT-2's vocabulary");
        }

        return Classes.FirstOrDefault(known => known.Names.Contains(name)) ?? throw config.Error("tokenizer_class",
            $"\"{name}\" without a {TokenizerJson.FileName} is not supported; supported are: {string.Join(", ", Classes.SelectMany(static known => known.Names))}");
    }

    private static List<BpeMerge> ReadMerges(ReadOnlySpan<byte> contents, Dictionary<string, int> ids, string path)
    {
        List<BpeMerge> merges = [];
        int number = 0;
        foreach (Range range in contents.Split((byte)'\n'))
        {
            number++;
            ReadOnlySpan<byte> bytes = contents[range];
            bytes = bytes is [.., (byte)'\r'] ? bytes[..^1] : bytes;
            string line = Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : throw Error("is not UTF-8");
            if (line.Length == 0 || (number == 1 && line.StartsWith(Header, StringComparison.Ordinal)))
            {
                continue;
            }

            if (line.Split(' ') is not [{ Length: > 0 } left, { Length: > 0 } right])
            {
                throw Error("must be two pieces with a space between them");
            }

            if (!ids.TryGetValue(left, out int leftId) || !ids.TryGetValue(right, out int rightId) || !ids.TryGetValue(left + right, out int result))
            {
                throw Error($"\"{left}\" + \"{right}\" or what they merge into is not in the vocabulary");
            }

            merges.Add(new BpeMerge(leftId, rightId, result));
        }

        return merges;

        InvalidCheckpointException Error(string reason) => new(path, $"line {number}", reason);
    }

    private static ImmutableArray<AddedToken> AddTokens(
        TokenizerFolderConfig config, TokenizerClass kind, List<string?> pieces, Dictionary<string, int> ids, string path)
    {
        List<AddedToken> added = [.. config.AddedTokens()];
        IEnumerable<(string Name, string? Usual)> special = [("bos_token", kind.Bos), ("eos_token", kind.Eos), .. kind.Special];
        foreach ((string name, string? usual) in special)
        {
            string? token = config.Token(name) ?? usual;
            if (token is not null && ids.TryGetValue(token, out int id) && !added.Any(known => known.Id == id))
            {
                added.Add(new AddedToken { Id = id, Content = token, Special = true, Normalized = false, LeftStrip = name == "mask_token" && kind.Template == Template.Roberta });
            }
        }

        foreach (AddedToken token in added)
        {
            while (pieces.Count <= token.Id)
            {
                pieces.Add(null);
            }

            if ((pieces[token.Id] is { } piece && piece != token.Content) || (ids.TryGetValue(token.Content, out int other) && other != token.Id))
            {
                throw new InvalidCheckpointException(path, "added tokens", $"\"{token.Content}\" with id {token.Id} clashes with the vocabulary");
            }

            pieces[token.Id] = token.Content;
            ids[token.Content] = token.Id;
        }

        return [.. added];
    }

    private static ByteLevelBpeOptions Surround(ByteLevelBpeOptions options, TokenizerFolderConfig config, TokenizerClass kind, Dictionary<string, int> ids, string path)
    {
        int start = Require(config, kind, "cls_token", ids, path);
        int end = Require(config, kind, "sep_token", ids, path);
        TemplatePiece[] single = [TemplatePiece.OfToken(start, 0), TemplatePiece.OfText(0, 0), TemplatePiece.OfToken(end, 0)];
        return options with
        {
            Prefix = [start],
            Suffix = [end],
            Pair = kind.Template == Template.Roberta
                ? [.. single, TemplatePiece.OfToken(end, 0), TemplatePiece.OfText(1, 0), TemplatePiece.OfToken(end, 0)]
                : [.. single, TemplatePiece.OfText(1, 1), TemplatePiece.OfToken(end, 1)],
        };
    }

    private static int Require(TokenizerFolderConfig config, TokenizerClass kind, string name, Dictionary<string, int> ids, string path) =>
        Find(config, name, kind.Special.First(token => token.Name == name).Usual, ids, path)!.Value;

    // What the settings name must be there, as must the tokens that a class puts around a text.
    private static int? Find(TokenizerFolderConfig config, string name, string? usual, Dictionary<string, int> ids, string path)
    {
        string? token = config.Token(name) ?? usual;
        return token is null ? null
            : ids.TryGetValue(token, out int id) ? id
            : throw new InvalidCheckpointException(path, name, $"\"{token}\" is not in the vocabulary");
    }

    private sealed record TokenizerClass(ImmutableArray<string> Names, Template Template, string? Bos, string? Eos)
    {
        public ImmutableArray<(string Name, string Usual)> Special { get; init; } = [];

        // Null: that of GPT-2.
        public string? Pattern { get; init; }

        // Whether text is normalized to NFC.
        public bool Composes { get; init; }
    }
}
