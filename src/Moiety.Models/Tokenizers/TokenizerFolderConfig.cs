using System.Collections.Immutable;
using System.Globalization;
using Moiety.Models.Checkpoints;
using Moiety.Models.Json;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// What a Hugging Face folder says about its tokens beside the tokenizer's own file: <c>tokenizer_config.json</c>,
/// <c>special_tokens_map.json</c> and <c>added_tokens.json</c>, each of which may be absent.
/// </summary>
internal sealed class TokenizerFolderConfig
{
    /// <summary>Name of the file with the special tokens.</summary>
    internal const string SpecialTokensFileName = "special_tokens_map.json";
    private const string AddedTokensFileName = "added_tokens.json";
    private readonly JsonField? _config;
    private readonly JsonField? _specialTokens;
    private readonly JsonField? _addedTokens;

    private TokenizerFolderConfig(JsonField? config, JsonField? specialTokens, JsonField? addedTokens)
    {
        _config = config;
        _specialTokens = specialTokens;
        _addedTokens = addedTokens;
    }

    /// <summary>The class that Hugging Face's transformers loads, without the mark of its fast version; or null.</summary>
    public string? Class => _config?.Text("tokenizer_class") is not { } name ? null
        : name.EndsWith("Fast", StringComparison.Ordinal) ? name[..^"Fast".Length] : name;

    /// <summary>Reads the files of a folder.</summary>
    /// <exception cref="InvalidCheckpointException">One is malformed.</exception>
    public static TokenizerFolderConfig Read(string folder) =>
        new(Find(folder, TokenizerJson.ConfigFileName), Find(folder, SpecialTokensFileName), Find(folder, AddedTokensFileName));

    /// <summary>How a special token (<c>bos_token</c>, <c>cls_token</c>, …) is written, or null.</summary>
    public string? Token(string name) => Content(_config?.Find(name)) ?? Content(_specialTokens?.Find(name));

    /// <summary>A setting of <c>tokenizer_config.json</c>, or null.</summary>
    public bool? Flag(string name) => _config?.Boolean(name);

    /// <summary>An error about a setting.</summary>
    public InvalidCheckpointException Error(string key, string reason) => _config!.Value.Error(key, reason);

    /// <summary>The tokens that the folder adds to those of the tokenizer's file, or says more about.</summary>
    public ImmutableArray<AddedToken> AddedTokens()
    {
        if (_config?.Object("added_tokens_decoder") is { } decoder)
        {
            return [.. decoder.Members().Select(member => ReadToken(decoder, member.Key, member.Value))];
        }

        HashSet<string> special = new(StringComparer.Ordinal);
        foreach (string name in (ReadOnlySpan<string>)["bos_token", "eos_token", "unk_token", "cls_token", "sep_token", "pad_token", "mask_token"])
        {
            if (Token(name) is { } token)
            {
                special.Add(token);
            }
        }

        return _addedTokens is not { } added ? [] :
        [
            .. added.Members().Where(member => member.Key.Length > 0).Select(member => new AddedToken
            {
                Id = member.Value.Count(VocabularyTokenizer.LargestVocabulary),
                Content = member.Key,
                Special = special.Contains(member.Key),
            }),
        ];
    }

    /// <summary>The id that a name in <c>added_tokens_decoder</c> is.</summary>
    internal static int ReadId(JsonField owner, string key) =>
        int.TryParse(key, NumberStyles.None, CultureInfo.InvariantCulture, out int id) && id < VocabularyTokenizer.LargestVocabulary
            ? id
            : throw owner.Error(key, "is not an id");

    private static AddedToken ReadToken(JsonField owner, string key, JsonField value) => new()
    {
        Id = ReadId(owner, key),
        Content = value.Get("content").Text() is { Length: > 0 } content ? content : throw owner.Error(key, "its content is empty"),
        SingleWord = value.Boolean("single_word", absent: false),
        LeftStrip = value.Boolean("lstrip", absent: false),
        RightStrip = value.Boolean("rstrip", absent: false),
        Normalized = value.Boolean("normalized", absent: true),
        Special = value.Boolean("special", absent: false),
    };

    private static string? Content(JsonField? field) =>
        field is not { } token ? null : token.IsObject ? token.Get("content").Text() : token.IsText ? token.Text() : null;

    private static JsonField? Find(string folder, string name)
    {
        string path = Path.Combine(folder, name);
        return File.Exists(path) ? JsonField.Parse(path, TokenizerJson.ReadBytes(path), allowDuplicates: true) : null;
    }
}
