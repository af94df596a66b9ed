using System.Text;
using CsCheck;
using Moiety.Models.Tokenizers.Patterns;
using Moiety.Models.Tokenizers.PreTokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class PatternTests
{
    public static TheoryData<string> Hostile =>
    [
        "(a*)*b", "(aa|aa)*b", "(a+)+$", "a*b|a", "(x+x+)+y|a|b", @"\s+$", "(.*)(.*)(.*)[^a]", "(?=(a*)b)a", "(?!(a|aa)+$)a", "a{0,500}b|a", "(a?){500}b|a|b",
        "((aa|b)*c)*d|a", "(?<=a)a*b|a", @"\ba*b|a", "a*?b|a",
    ];

    // A matcher that backtracks needs years for these, and one that starts anew at every character needs hours.
    [Theory]
    [MemberData(nameof(Hostile))]
    public void No_expression_takes_more_than_linear_time(string expression)
    {
        SplitPreTokenizer split = new(expression);
        foreach (string unit in (string[])["a", " ", "ab"])
        {
            string text = string.Concat(Enumerable.Repeat(unit, 100_000 / unit.Length)) + "!";
            Assert.Equal(text, string.Concat(Words.Of(split, text)));
        }
    }

    [Fact]
    public void An_expression_that_outgrows_its_table_again_and_again_is_refused()
    {
        SplitPreTokenizer split = new("(?:a|b)*a(?:a|b){900}c|d");
        Random random = new(1);
        string text = string.Concat(Enumerable.Range(0, 300_000).Select(_ => random.Next(2) == 0 ? 'a' : 'b'));
        InvalidInputException error = Assert.Throws<InvalidInputException>(() => Words.Of(split, text));
        Assert.Contains("too complex", error.Message);
    }

    [Theory]
    [InlineData(@"(a)\1", @"\1 is not supported")]
    [InlineData("(?>ab)c", "atomic group")]
    [InlineData("(?:ab)++", "possessive repetition of more than one character")]
    [InlineData("(?<=ab)c", "lookbehind of more than one character")]
    [InlineData("(?=a(?=bc)d)", "lookahead within a lookahead")]
    [InlineData("(?=ab)(?=bc)(?=cd)(?=de)", "more than 3 long lookaheads")]
    [InlineData("(?x) a", "(?x is not supported")]
    [InlineData("(?i:ss)", "\"ss\" without regard to case")]
    [InlineData("(?i:ß)", "the character ß without regard to case")]
    [InlineData(@"\p{Greek}", @"the property \p{Greek} is not supported")]
    [InlineData("[[:alpha:]]", "[:alpha:] is not supported")]
    [InlineData("[a", "does not close")]
    [InlineData("(a", "has no closing one")]
    [InlineData("a)", "has no opening one")]
    [InlineData("*a", "nothing to repeat")]
    [InlineData("a{3}?", "{3}? is not supported")]
    [InlineData("a{3,2}", "is empty")]
    [InlineData("a{1001}", "1001 repetitions are too many")]
    [InlineData("((a{99}){99}){99}", "more than 3000 steps")]
    [InlineData("[b-a]", "ends before it begins")]
    [InlineData(@"\x{110000}", "malformed")]
    [InlineData("a\\", "ends too early")]
    [InlineData(@"\Ga", @"\G is not supported")]
    public void What_is_malformed_or_not_supported_is_named(string expression, string reason) =>
        Assert.Contains(reason, Assert.Throws<InvalidInputException>(() => new SplitPreTokenizer(expression)).Message);

    [Fact]
    public void Nesting_and_length_are_bounded()
    {
        Assert.Contains("nested", Assert.Throws<InvalidInputException>(() => new SplitPreTokenizer(new string('(', 5000) + new string(')', 5000))).Message);
        Assert.Contains("nested", Assert.Throws<InvalidInputException>(() => new SplitPreTokenizer(new string('[', 5000))).Message);
        Assert.Contains("16385 characters", Assert.Throws<InvalidInputException>(() => new SplitPreTokenizer(new string('a', 16385))).Message);
        Assert.Contains("different sets", Assert.Throws<InvalidInputException>(
            () => new SplitPreTokenizer(string.Concat(Enumerable.Range(0x4E00, 300).Select(c => (char)c)))).Message);
    }

    // One code point after the other, against membership one by one.
    [Fact]
    public void Sets_combine_as_their_members_do() => Gen.Int[0, 40].Array[0, 12].Select(Gen.Int[0, 40].Array[0, 12]).Sample((left, right) =>
    {
        CharacterSet a = CharacterSet.Of(left);
        CharacterSet b = CharacterSet.Of(right);
        for (int value = 0; value <= 41; value++)
        {
            bool inA = left.Contains(value);
            bool inB = right.Contains(value);
            Assert.Equal(inA, a.Contains(value));
            Assert.Equal(inA || inB, a.Union(b).Contains(value));
            Assert.Equal(inA && inB, a.Intersect(b).Contains(value));
            Assert.Equal(inA && !inB, a.Except(b).Contains(value));
            Assert.Equal(!inA, a.Complement().Contains(value));
        }
    });

    [Fact]
    public void Bytes_that_are_not_UTF8_are_kept()
    {
        PreTokenizerSequence sequence = new([.. GgufPreTokenizers.Find("superbpe")!.Stages, new SplitPreTokenizer(KnownPatterns.O200k)]);
        Gen.Byte.Array[1, 60].Sample(bytes =>
        {
            WordList words = new(bytes, first: true);
            sequence.Apply(ref words);
            List<byte> joined = [];
            for (int i = 0; i < words.Count; i++)
            {
                joined.AddRange(words[i]);
            }

            words.Dispose();
            Assert.Equal(bytes, joined);
        });
    }

    [Fact]
    public void Threads_share_an_automaton()
    {
        SplitPreTokenizer shared = new(KnownPatterns.O200k);
        string[] texts = [.. Enumerable.Range(0, 3000).Select(i => $"Word{i % 977} the {i} дом学习 ÀÉ's {(char)('a' + (i % 26))}\n\n")];
        List<string>[] actual = [.. texts.AsParallel().AsOrdered().WithDegreeOfParallelism(4).Select(text => Words.Of(shared, text))];
        Assert.Equal(texts.Select(text => Words.Of(new SplitPreTokenizer(KnownPatterns.O200k), text)).Take(50), actual.Take(50));
        Assert.Equal(texts, actual.Select(words => Encoding.UTF8.GetString(Encoding.Latin1.GetBytes(string.Concat(words)))));
    }
}
