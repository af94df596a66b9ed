using System.Collections.Immutable;
using Moiety.Models.Tokenizers.Patterns;

namespace Moiety.Models.Tokenizers.PreTokenizers;

/// <summary>
/// Every pre-tokenizer that llama.cpp knows for byte-level models, by the name in <c>tokenizer.ggml.pre</c>. Where llama.cpp only comes
/// close to a published expression, the published one is here, since the model was trained with it. To support another one, add a line.
/// </summary>
internal static class GgufPreTokenizers
{
    // DeepSeek LLM: letters that have a case.
    private const string DeepSeekLetters =
        @"\s?[A-Za-zµÀ-ÖØ-öø-ƺƼ-ƿǄ-ʓʕ-ʯͰ-ͳͶͷͻ-ͽͿΆΈ-ΊΌΎ-ΡΣ-ϵϷ-ҁҊ-ԯԱ-ՖႠ-ჅᎠ-Ᏽᏸ-ᏽᲐ-ᲺᲽ-Ჿᴀ-ᴫᵫ-ᵷᵹ-ᶚḀ-ἕἘ-Ἕἠ-ὅὈ-Ὅὐ-ὗὙὛὝ"
        + @"Ὗ-ώᾀ-ᾴᾶ-ᾼιῂ-ῄῆ-ῌῐ-ΐῖ-Ίῠ-Ῥῲ-ῴῶ-ῼℂℇℊ-ℓℕℙ-ℝℤΩℨK-ℭℯ-ℴℹℼ-ℿⅅ-ⅉⅎↃↄⰀ-ⱻⱾ-ⳤⳫ-ⳮⳲⳳꙀ-ꙭꚀ-ꚛꜢ-ꝯꝱ-ꞇꞋ-ꞎꭰ-ꮿﬀ-ﬆﬓ-ﬗＡ-Ｚａ-ｚ"
        + @"𐐀-𐑏𐒰-𐓓𐓘-𐓻𐲀-𐲲𐳀-𐳲𑢠-𑣟𞤀-𞥃]+";

    // DeepSeek LLM: punctuation.
    private const string DeepSeekMarks =
        @"\s?[!-/:-~！-／：-～‘-‟\x{3000}-。]+";

    // DeepSeek LLM and Coder: ideographs, what lies before them, and Hangul.
    private const string DeepSeekIdeographs =
        @"[一-龥ࠀ-一가-\x{D7FF}]+";

    // DeepSeek V3: ideographs and kana.
    private const string Kana =
        @"[一-龥\x{3040}-ゟ゠-ヿ]+";

    // DeepSeek V3: a mark with a word, words, marks, line breaks.
    private const string DeepSeek3 =
        @"[!""#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~][A-Za-z]+|[^\r\n\p{L}\p{P}\p{S}]?[\p{L}\p{M}]+| ?[\p{P}\p{S}]+"
        + @"[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Youtu: scripts and their marks.
    private const string YoutuScripts =
        @"[가-힣ㄱ-ㆎ]+|[！…“”‘’—：；，、-〿︰-﹏]+|[ㄅ-ㄯ]+|[一-龥\x{3040}-ゟ゠-ヿ]+";

    // BLOOM: up to a space or a mark.
    private const string Bloom =
        @" ?[^(\s|.,!?…。，、।۔،)]+";

    // Qwen 3.5: as Qwen 2, marks belonging to letters.
    private const string Qwen35 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?[\p{L}\p{M}]+|\p{N}| ?[^\s\p{L}\p{M}\p{N}]+[\r\n]*|\s"
        + @"*[\r\n]+|\s+(?!\S)|\s+";

    // Youtu: as o200k, each digit for itself.
    private const string Youtu =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll"
        + @"|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|"
        + @"'m|'ll|'d)?|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Kimi K2: as o200k, ideographs apart.
    private const string Kimi =
        @"[\p{Han}]+|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*[\p{Ll}\p{Lm}\p{Lo}\p{M}&&["
        + @"^\p{Han}]]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}"
        + @"]]+[\p{Ll}\p{Lm}\p{Lo}\p{M}&&[^\p{Han}]]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+"
        + @"[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    // Ling: line breaks end a word.
    private const string Bailing =
        @"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)"
        + @"|\s+";

    // Seed-Coder: marks without line breaks.
    private const string Seed =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1}| ?[^\s\p{L}\p{N}\r\n]+|\s*[\r\n]+|\s+"
        + @"(?!\S)|\s+";

    // EXAONE MoE: words that single spaces join.
    private const string ExaoneMoe =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?(?:\p{L}\p{M}*(?: \p{L}\p{M}*)*)+|\p{N}| ?[^\s\p{L}\p"
        + @"{N}]+[\r\n/]?|\s*[\r\n]|\s+(?!\S)|\s+";

    // MiniCPM 5: as Llama 3, any number of digits.
    private const string MiniCpm =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}+| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s"
        + @"+(?!\S)|\s+";

    // Jais 2: as Llama 3, spaces by powers of two.
    private const string Jais2 =
        @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]"
        + @"+|\s{512}(?!\S)|\s{256}(?!\S)|\s{128}(?!\S)|\s{64}(?!\S)|\s{32}(?!\S)|\s{16}(?!\S)|\s{8}(?!\S)|\s{4}"
        + @"(?!\S)|\s{1,2}(?!\S)|\s{1}";

    private const string ThreeDigits = "[0-9][0-9][0-9]";
    private const string LineBreak = @"[\r\n]";
    private const string Digits = KnownPatterns.Number + "+";
    private const string UpToThreeDigits = @"\p{N}{1,3}";
    private const string Lines = @"[^\n]+|[\n]+";

    private static readonly ImmutableArray<Entry> Entries =
    [
        new("gpt-2 phi-2 mpt olmo jais trillion granite-docling exaone4 jina-es jina-de jina-v2-es jina-v2-de jina-v1-en jina-v2-code roberta-bpe"
            + " gigachat a.x-4.0 mellum modern-bert", [KnownPatterns.Gpt2]),
        new("llama-bpe llama3 llama-v3 falcon3 falcon-h1 pixtral midm-2.0 lfm2 jina-v5-nano", [KnownPatterns.Llama3], IgnoresMerges: true, AddsBos: true),
        new("dbrx smaug-bpe chatglm-bpe glm4", [KnownPatterns.Llama3]),
        new("qwen2 deepseek-r1-qwen kormo f2llmv2 megrez stablelm2 hunyuan solar-open grok-2", [KnownPatterns.Qwen2]),
        new("qwen35", [Qwen35]),
        new("gpt-4o llama4 kanana2 talkie minimax-m2", [KnownPatterns.O200k]),
        new("granite-embed-multi-97m", [KnownPatterns.O200k], IgnoresMerges: true),
        new("tiny_aya cohere2moe", [@"\d{1,3}(?=(?:\d{3})*\b)", KnownPatterns.O200k]),
        new("tekken", [KnownPatterns.Tekken], IgnoresMerges: true, AddsBos: true),
        new("deepseek-v3 hunyuan-dense joyai-llm", [UpToThreeDigits, Kana, DeepSeek3]),
        new("deepseek-coder", [LineBreak, @"\s?\p{L}+", @"\s?\p{P}+", DeepSeekIdeographs, KnownPatterns.Number]),
        new("deepseek-llm", [LineBreak, DeepSeekLetters, DeepSeekMarks, @"\s+$", DeepSeekIdeographs, Digits])
        {
            Published = [[LineBreak, DeepSeekLetters, DeepSeekMarks, @"\s+$", DeepSeekIdeographs, KnownPatterns.Number]],
        },
        new("starcoder refact command-r smollm codeshell exaone minerva-7b mellum2", [KnownPatterns.Number, KnownPatterns.Gpt2]),
        new("falcon", [KnownPatterns.Punctuation + "+", KnownPatterns.Gpt2, ThreeDigits])
        {
            Published = [[KnownPatterns.Punctuation + "+", KnownPatterns.Gpt2, Digits, ThreeDigits]],
        },
        new("default", [@"[\p{P}\$\+<=>\^~\|]+", KnownPatterns.Gpt2, Digits, ThreeDigits]),
        new("bloom poro-chat gpt3-finnish", [Bloom]),
        new("viking", [Bloom, KnownPatterns.Number]),
        new("superbpe", [Digits, @"(?=(\d{3})+(?!\d))"]),
        new("bailingmoe bailingmoe2 llada-moe", [Bailing]),
        new("seed-coder", [Seed]),
        new("exaone-moe", [ExaoneMoe]),
        new("kimi-k2", [Kimi]),
        new("youtu", [YoutuScripts, Youtu], IgnoresMerges: true),
        new("minicpm5", [UpToThreeDigits, MiniCpm], IgnoresMerges: true),
        new("jais-2", [Jais2]),
        new("laguna", [Lines, KnownPatterns.Qwen2]),
        new("chameleon",
            ["<sentinel:[0-9]+>", "(IMGIMG)((A|B|C|D|E|F|G|H|I){1,4})Z", "([\\t\\n]|    |  )", KnownPatterns.Number, @"[\p{P}!-/:-@\[-`{-~]", KnownPatterns.Gpt2],
            AddsBos: true),
    ];

    private static readonly ImmutableArray<(string Name, Entry Entry)> Named =
        [.. Entries.SelectMany(static entry => entry.Names.Split(' ').Select(name => (name, entry)))];

    /// <summary>The names in GGUF files.</summary>
    public static ImmutableArray<string> Names { get; } = [.. Named.Select(static named => named.Name)];

    /// <summary>What a name in a GGUF file means, or null.</summary>
    public static NamedPreTokenizer? Find(string name)
    {
        (string? found, Entry? entry) = Named.FirstOrDefault(named => string.Equals(named.Name, name, StringComparison.Ordinal));
        return found is null
            ? null
            : new NamedPreTokenizer(found, [.. entry!.Stages.Select(static pattern => new SplitPreTokenizer(pattern))], entry.IgnoresMerges, entry.AddsBos);
    }

    /// <summary>The first name that means the same, or null.</summary>
    /// <param name="stages">Cut one after the other.</param>
    /// <param name="ignoresMerges">Whether a word that is a token as a whole is not merged from bytes.</param>
    public static string? NameOf(ImmutableArray<PreTokenizer> stages, bool ignoresMerges)
    {
        ImmutableArray<string?> patterns = [.. stages.Select(static stage => stage.Isolates).Where(static pattern => pattern is not "")];
        if (patterns.Contains(null))
        {
            return null;
        }

        string wanted = Describe(patterns!);
        return Entries.FirstOrDefault(entry => entry.IgnoresMerges == ignoresMerges
            && entry.Published.Insert(0, entry.Stages).Any(stages => stages.Length == patterns.Length && Describe(stages) == wanted))?.Names.Split(' ')[0];
    }

    // Expressions that are written differently but read alike are the same.
    private static string Describe(IEnumerable<string> patterns) => string.Join('\n', patterns.Select(static pattern => PatternParser.Parse(pattern).Describe()));

    private sealed record Entry(string Names, ImmutableArray<string> Stages, bool IgnoresMerges = false, bool AddsBos = false)
    {
        // What tokenizer.json files have instead, with the same ids for the vocabularies that go with them.
        public ImmutableArray<ImmutableArray<string>> Published { get; init; } = [];
    }
}
