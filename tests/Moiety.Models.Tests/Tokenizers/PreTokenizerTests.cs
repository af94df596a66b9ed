using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using CsCheck;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tests.Tokenizers;

/// <summary>Words are those of Hugging Face's library.</summary>
public class PreTokenizerTests
{
    public static TheoryData<string> Names => [.. GgufPreTokenizers.Names];

    public static TheoryData<string> Components =>
    [
        """{"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}""",
        """{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true}""",
        """{"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true, "use_regex": false}""",
        """{"type": "Digits", "individual_digits": true}""",
        """{"type": "Digits", "individual_digits": false}""",
        """{"type": "Punctuation"}""",
        """{"type": "Punctuation", "behavior": "Contiguous"}""",
        """{"type": "Punctuation", "behavior": "Removed"}""",
        """{"type": "Punctuation", "behavior": "MergedWithPrevious"}""",
        """{"type": "Punctuation", "behavior": "MergedWithNext"}""",
        """{"type": "Whitespace"}""",
        """{"type": "WhitespaceSplit"}""",
        """{"type": "BertPreTokenizer"}""",
        """{"type": "CharDelimiterSplit", "delimiter": "_"}""",
        """{"type": "CharDelimiterSplit", "delimiter": "の"}""",
        """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always"}""",
        """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}""",
        """{"type": "Metaspace", "replacement": "_", "prepend_scheme": "never", "split": true}""",
        """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "always", "split": false}""",
        """{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first"}]}""",
        """{"type": "Sequence", "pretokenizers": [{"type": "WhitespaceSplit"}, {"type": "ByteLevel", "add_prefix_space": true, "trim_offsets": true}]}""",
        """{"type": "Split", "pattern": {"String": "the"}, "behavior": "MergedWithPrevious", "invert": false}""",
        """{"type": "Split", "pattern": {"String": "."}, "behavior": "MergedWithNext", "invert": true}""",
        """{"type": "Split", "pattern": {"Regex": "[\\s\\d]"}, "behavior": "Removed", "invert": false}""",
        """{"type": "Split", "pattern": {"Regex": "\\w+"}, "behavior": "Removed", "invert": true}""",
        """{"type": "Split", "pattern": {"Regex": "[aeiou]"}, "behavior": "Contiguous", "invert": false}""",
        """{"type": "Split", "pattern": {"Regex": "\\p{P}"}, "behavior": "MergedWithPrevious", "invert": true}""",
        """{"type": "Split", "pattern": {"Regex": "\\s*"}, "behavior": "MergedWithPrevious", "invert": false}""",
        """{"type": "Split", "pattern": {"Regex": "x*|\\n"}, "behavior": "Contiguous", "invert": false}""",

        // Falcon: the digits are looked for in bytes that are spelled as letters.
        """{"type": "Sequence", "pretokenizers": [{"type": "Punctuation", "behavior": "Contiguous"}, {"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true}, {"type": "Digits", "individual_digits": false}, {"type": "Split", "pattern": {"Regex": "[0-9][0-9][0-9]"}, "behavior": "Isolated", "invert": false}]}""",
    ];

    public static TheoryData<string> Expressions =>
    [
        @"\s+$", "^.", "^", "$", @"\A\w|\z", @"\b", @"\B.", @"(?<!\S)a", @"(?<=\d)[a-z]", @"(?<![\p{L}'])\p{L}+", @"\p{Lu}+(?=\p{Ll})",
        @"[^\r\n\p{L}\p{N}]?+\p{L}++| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s", @"\S*+", "a*?b|a+?", "(?i)THE|(?i:S)|k", "(?:a|ab)(?:c|bcd)?",
        "[a-c[x-z]&&[^b]]+", @"[\]\[\-\\]", @"[^(\s|[.,!?…。，、।۔،])]+", "[]a]", @"\p{^L}+", @"\P{L}+", @"\p{Han}+", @"\p{Letter}|\p{Decimal_Number}",
        @"\x41|\x{1F680}|\u00e9", @"\h+", ".+", "(?m:.+)", "{|}|x{,2}|a{2,}", "the{1}|[0-9]{3}", "|a", "()", "(?#nothing)a", "(?<name>th)e",
    ];

    [Theory]
    [MemberData(nameof(Components))]
    public void Words_of_a_component_are_those_of_Hugging_Face(string component) => Compare(component);

    [Theory]
    [MemberData(nameof(Expressions))]
    public void Matches_of_an_expression_are_those_of_Hugging_Face(string expression) => Compare(Split(expression));

    [Theory]
    [MemberData(nameof(Names))]
    public void Words_of_a_name_in_GGUF_are_those_of_Hugging_Face_with_its_expressions(string name) =>
        Compare(new PreTokenizerSequence(GgufPreTokenizers.Find(name)!.Stages).ToString());

    [Theory]
    [InlineData(@"\p{L}")]
    [InlineData(@"\p{Lu}")]
    [InlineData(@"\p{Ll}")]
    [InlineData(@"\p{Lt}")]
    [InlineData(@"\p{Lm}")]
    [InlineData(@"\p{Lo}")]
    [InlineData(@"\p{M}")]
    [InlineData(@"\p{N}")]
    [InlineData(@"\p{P}")]
    [InlineData(@"\p{S}")]
    [InlineData(@"\p{Z}")]
    [InlineData(@"\p{Han}")]
    [InlineData(@"\s")]
    [InlineData(@"\d")]
    [InlineData(@"\w")]
    [InlineData("(?i:[a-z])")]
    [InlineData("(?i:s)")]
    public void Every_code_point_belongs_where_Oniguruma_has_it(string expression) => SweepCodePoints(Split(expression));

    [Theory]
    [InlineData("""{"type": "Digits", "individual_digits": true}""")]
    [InlineData("""{"type": "Punctuation"}""")]
    [InlineData("""{"type": "Whitespace"}""")]
    [InlineData("""{"type": "WhitespaceSplit"}""")]
    [InlineData("""{"type": "BertPreTokenizer"}""")]
    public void Every_code_point_is_treated_as_by_Hugging_Face(string component) => SweepCodePoints(component);

    // .NET's \p{L} does not see past the Basic Multilingual Plane, and its (?i:s) does not take a long s, as Hugging Face's does.
    [Theory]
    [InlineData(KnownPatterns.Gpt2)]
    [InlineData(KnownPatterns.Llama3)]
    [InlineData(KnownPatterns.O200k)]
    public void Words_are_those_of_the_regular_expression_in_NET(string pattern)
    {
        Regex regex = new(pattern, RegexOptions.CultureInvariant);
        SplitPreTokenizer split = new(pattern);
        Texts.Any.Where(text => !text.Any(char.IsSurrogate) && !text.Contains("'ſ", StringComparison.Ordinal)).Sample(
            text => Assert.Equal(regex.Matches(text).Select(match => Encoding.Latin1.GetString(Encoding.UTF8.GetBytes(match.Value))), Words.Of(split, text)),
            iter: Texts.Count);
    }

    private static string Split(string expression) => JsonSerializer.Serialize(new
    {
        type = "Split",
        pattern = new { Regex = expression },
        behavior = "Isolated",
        invert = false,
    });

    private static void Compare(string component)
    {
        Words words = new(component);
        Texts.Any.Where(text => text.Length > 0).Sample(words.AssertSame, iter: Texts.Count, threads: 1);
    }

    // The library's parts follow several versions of Unicode, of which the newest has characters that .NET does not know yet.
    private static bool IsAssigned(int value) => Rune.IsValid(value) && Rune.GetUnicodeCategory(new Rune(value)) != UnicodeCategory.OtherNotAssigned;

    // Between characters of which none matches and one of which each may.
    private static bool Same(Words words, string character)
    {
        try
        {
            words.AssertSame($"\u200b{character}\u200b");
            return true;
        }
        catch (Xunit.Sdk.XunitException)
        {
            return false;
        }
    }

    private static void SweepCodePoints(string component)
    {
        Words words = new(component);
        List<string> different = [];
        for (int start = 0; start < 0x110000; start += 64)
        {
            string text = string.Concat(Enumerable.Range(start, 64).Where(IsAssigned).Select(value => char.ConvertFromUtf32(value)));
            try
            {
                if (text.Length > 0)
                {
                    words.AssertSame(text);
                }
            }
            catch (Xunit.Sdk.XunitException)
            {
                different.AddRange(text.EnumerateRunes().Where(rune => !Same(words, rune.ToString())).Select(rune => $"U+{rune.Value:X4}"));
            }
        }

        Assert.True(different.Count == 0, string.Join(' ', different));
    }
}
