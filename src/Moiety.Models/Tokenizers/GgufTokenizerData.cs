using System.Collections.Immutable;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// The tokenizer as a GGUF file's metadata holds it (keys <c>tokenizer.ggml.*</c>), free of the file format. See
/// <c>GgufTokenizer</c> for the way to a tokenizer and back. An absent key is null.
/// </summary>
public sealed record GgufTokenizerData
{
    /// <summary><c>model</c>: <c>llama</c> (SentencePiece), <c>gpt2</c> (byte-level), <c>bert</c> (WordPiece) or <c>t5</c> (Unigram).</summary>
    public required string Model { get; init; }

    /// <summary><c>pre</c>: name of the pre-tokenizer, e.g. <c>gpt-2</c>, <c>llama-bpe</c>, <c>qwen2</c>, <c>default</c>.</summary>
    public string? Pre { get; init; }

    /// <summary><c>general.name</c>, which says what some models need and no key does.</summary>
    public string? ModelName { get; init; }

    /// <summary><c>tokens</c>: how each id is spelled.</summary>
    public required ImmutableArray<string> Tokens { get; init; }

    /// <summary><c>scores</c>: one per token, higher merges earlier (<c>llama</c>), or a log-probability (<c>t5</c>). Empty when absent.</summary>
    public ImmutableArray<float> Scores { get; init; } = [];

    /// <summary>
    /// <c>token_type</c>: one per token; 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte. Empty when absent.
    /// </summary>
    public ImmutableArray<int> TokenTypes { get; init; } = [];

    /// <summary><c>merges</c>: "left right" in the order of their rank (<c>gpt2</c> only). Empty when absent.</summary>
    public ImmutableArray<string> Merges { get; init; } = [];

    /// <summary><c>bos_token_id</c>.</summary>
    public int? BosTokenId { get; init; }

    /// <summary><c>eos_token_id</c>.</summary>
    public int? EosTokenId { get; init; }

    /// <summary><c>unknown_token_id</c>.</summary>
    public int? UnknownTokenId { get; init; }

    /// <summary><c>add_bos_token</c>; when absent, on for <c>llama</c> and off for <c>gpt2</c>.</summary>
    public bool? AddBosToken { get; init; }

    /// <summary><c>add_eos_token</c>; off when absent.</summary>
    public bool? AddEosToken { get; init; }

    /// <summary><c>add_space_prefix</c>; on when absent (<c>llama</c> only).</summary>
    public bool? AddSpacePrefix { get; init; }

    /// <summary><c>add_sep_token</c>: whether a separator ends a text (<c>bert</c> only, where it is on when absent).</summary>
    public bool? AddSepToken { get; init; }

    /// <summary><c>seperator_token_id</c> (sic).</summary>
    public int? SeparatorTokenId { get; init; }

    /// <summary><c>cls_token_id</c>: the token that starts a text (<c>bert</c> only).</summary>
    public int? ClsTokenId { get; init; }

    /// <summary><c>remove_extra_whitespaces</c>; off when absent (<c>t5</c> only).</summary>
    public bool? RemoveExtraWhitespaces { get; init; }

    /// <summary><c>precompiled_charsmap</c>: SentencePiece's table of replacements (<c>t5</c> only). Empty when absent.</summary>
    public ImmutableArray<byte> PrecompiledCharsmap { get; init; } = [];

    /// <summary>
    /// A key of Moiety's own, <c>moiety.tokenizer.pair</c>: how two texts are put together, three numbers a piece: the token or -1,
    /// which text, the type. Empty when the tokenizer does what is usual for its kind.
    /// </summary>
    public ImmutableArray<int> Pair { get; init; } = [];

    /// <summary>
    /// A key of Moiety's own, <c>moiety.tokenizer.normalization</c>: the Unicode form of text, e.g. <c>NFC</c>, which llama.cpp leaves out.
    /// </summary>
    public string? Normalization { get; init; }
}
