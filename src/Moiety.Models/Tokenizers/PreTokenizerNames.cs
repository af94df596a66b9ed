using System.Collections.Immutable;
using System.Globalization;
using System.Text;

namespace Moiety.Models.Tokenizers;

/// <summary>
/// Every known pre-tokenizer: by the name that GGUF files use, and by the regular expression that <c>tokenizer.json</c> uses.
/// To support another one, add a line here.
/// </summary>
internal static class PreTokenizerNames
{
    private static readonly PreTokenizer Gpt2 = new Gpt2PreTokenizer();
    private static readonly PreTokenizer Llama3 = new Llama3PreTokenizer(3);
    private static readonly PreTokenizer Qwen2 = new Llama3PreTokenizer(1);
    private static readonly PreTokenizer Digit = new RunPreTokenizer(@"\p{N}", IsNumber, longest: 1);
    private static readonly PreTokenizer Digits = new RunPreTokenizer(@"\p{N}+", IsNumber);
    private static readonly PreTokenizer ThreeDigits = new ThreeDigitsPreTokenizer();
    private static readonly PreTokenizer Marks = new RunPreTokenizer(@"[\p{P}\$\+<=>\^~\|]+", rune => Rune.IsPunctuation(rune) || IsOneOf(rune, "$+<=>^~|"));
    private static readonly PreTokenizer FalconMarks = new RunPreTokenizer(@"[\p{P}\$\+<=>\^~\|`]+", rune => Rune.IsPunctuation(rune) || IsOneOf(rune, "$+<=>^~|`"));

    private static readonly ImmutableArray<PreTokenizer> DeepSeekCoder =
    [
        new RunPreTokenizer("[\r\n]", rune => rune.Value is '\r' or '\n', longest: 1),
        new RunPreTokenizer(@"\s?\p{L}+", Rune.IsLetter, takesSpace: true),
        new RunPreTokenizer(@"\s?\p{P}+", Rune.IsPunctuation, takesSpace: true),
        new RunPreTokenizer("[一-龥ࠀ-一가-\ud7ff]+", rune => rune.Value is (>= 0x4E00 and <= 0x9FA5) or (>= 0x800 and <= 0x4E00) or (>= 0xAC00 and <= 0xD7FF)),
        Digit,
    ];

    private static readonly ImmutableArray<NamedPreTokenizers> Known =
    [
        new("gpt-2", [Gpt2]),
        new("llama-bpe", [Llama3], IgnoresMerges: true, AddsBos: true),
        new("qwen2", [Qwen2]),
        new("dbrx", [Llama3]),
        new("starcoder", [Digit, Gpt2]),
        new("default", [Marks, Gpt2, Digits, ThreeDigits]),
        new("falcon", [FalconMarks, Gpt2, ThreeDigits]),
        new("deepseek-coder", DeepSeekCoder),
        new("llama3", [Llama3], IgnoresMerges: true, AddsBos: true),
        new("llama-v3", [Llama3], IgnoresMerges: true, AddsBos: true),
        new("smaug-bpe", [Llama3]),
        new("deepseek-r1-qwen", [Qwen2]),
        new("stablelm2", [Qwen2]),
        new("mpt", [Gpt2]),
        new("olmo", [Gpt2]),
        new("phi-2", [Gpt2]),
        new("refact", [Digit, Gpt2]),
        new("command-r", [Digit, Gpt2]),
        new("smollm", [Digit, Gpt2]),
    ];

    /// <summary>The names in GGUF files.</summary>
    public static string All => string.Join(", ", Known.Select(known => known.Name));

    /// <summary>The pre-tokenizers of a name in a GGUF file, or null.</summary>
    public static NamedPreTokenizers? Find(string name) =>
        Known.FirstOrDefault(known => string.Equals(known.Name, name, StringComparison.Ordinal));

    /// <summary>The pre-tokenizer of a regular expression, or null.</summary>
    public static PreTokenizer? FindPattern(string pattern) => Known.SelectMany(known => known.Stages)
        .FirstOrDefault(stage => string.Equals(stage.Pattern, pattern, StringComparison.Ordinal));

    /// <summary>The rule for numbers, one by one or in runs.</summary>
    public static PreTokenizer ForDigits(bool individual) => individual ? Digit : Digits;

    /// <summary>The first name that means the same patterns, or null.</summary>
    public static string? NameOf(ImmutableArray<PreTokenizer> stages, bool ignoresMerges) => Known.FirstOrDefault(known =>
        known.IgnoresMerges == ignoresMerges && known.Stages.Select(stage => stage.Pattern).SequenceEqual(stages.Select(stage => stage.Pattern)))?.Name;

    private static bool IsNumber(Rune rune) => Rune.GetUnicodeCategory(rune)
        is UnicodeCategory.DecimalDigitNumber or UnicodeCategory.LetterNumber or UnicodeCategory.OtherNumber;

    private static bool IsOneOf(Rune rune, string characters) => rune.IsAscii && characters.Contains((char)rune.Value, StringComparison.Ordinal);

    /// <summary>What a name in a GGUF file means.</summary>
    /// <param name="Name">The value of <c>tokenizer.ggml.pre</c>.</param>
    /// <param name="Stages">Cut one after the other.</param>
    /// <param name="IgnoresMerges">Whether a word that is a token as a whole is not merged from bytes.</param>
    /// <param name="AddsBos">Whether a text gets the BOS token when the file does not say.</param>
    internal sealed record NamedPreTokenizers(
        string Name, ImmutableArray<PreTokenizer> Stages, bool IgnoresMerges = false, bool AddsBos = false);
}
