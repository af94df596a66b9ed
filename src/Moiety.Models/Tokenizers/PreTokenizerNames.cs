using System.Collections.Immutable;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Every known pre-tokenizer: by the name that GGUF files use, and by the regular expression that <c>tokenizer.json</c> uses.
/// To support another one, add a line here.
/// </summary>
internal static class PreTokenizerNames
{
    private static readonly ImmutableArray<(string Name, ImmutableArray<PreTokenizer> Stages)> Known =
    [
        ("gpt-2", [new Gpt2PreTokenizer()]),
        ("llama-bpe", [new Llama3PreTokenizer(3)]),
        ("qwen2", [new Llama3PreTokenizer(1)]),
        ("starcoder", [new DigitsPreTokenizer(1), new Gpt2PreTokenizer()]),
        ("llama3", [new Llama3PreTokenizer(3)]),
        ("llama-v3", [new Llama3PreTokenizer(3)]),
        ("mpt", [new Gpt2PreTokenizer()]),
        ("olmo", [new Gpt2PreTokenizer()]),
        ("phi-2", [new Gpt2PreTokenizer()]),
        ("refact", [new DigitsPreTokenizer(1), new Gpt2PreTokenizer()]),
        ("command-r", [new DigitsPreTokenizer(1), new Gpt2PreTokenizer()]),
        ("smollm", [new DigitsPreTokenizer(1), new Gpt2PreTokenizer()]),
    ];

    /// <summary>The names in GGUF files, in the order of the list.</summary>
    public static IEnumerable<string> All => Known.Select(known => known.Name);

    /// <summary>The pre-tokenizers of a name in a GGUF file, or default.</summary>
    public static ImmutableArray<PreTokenizer> Find(string name) =>
        Known.FirstOrDefault(known => string.Equals(known.Name, name, StringComparison.Ordinal)).Stages;

    /// <summary>The pre-tokenizer of a regular expression, or null.</summary>
    public static PreTokenizer? FindPattern(string pattern) => Known.SelectMany(known => known.Stages)
        .FirstOrDefault(stage => string.Equals(stage.Pattern, pattern, StringComparison.Ordinal));

    /// <summary>The first name whose pre-tokenizers follow the same patterns, or null.</summary>
    public static string? NameOf(ImmutableArray<PreTokenizer> stages) => Known
        .FirstOrDefault(known => known.Stages.Select(stage => stage.Pattern).SequenceEqual(stages.Select(stage => stage.Pattern))).Name;
}
