using System.Text;
using System.Text.RegularExpressions;
using CsCheck;
using Moiety.Models.Tokenizers;

namespace Moiety.Models.Tests.Tokenizers;

public class PreTokenizerTests
{
    public static TheoryData<string> Names => [.. PreTokenizerNames.All.Split(", ")];

    // .NET's \p{L} does not see past the Basic Multilingual Plane, and its (?i:s) does not take a long s, as Hugging Face's does.
    [Theory]
    [MemberData(nameof(Names))]
    public void Words_are_those_of_the_regular_expression(string name)
    {
        foreach (PreTokenizer preTokenizer in PreTokenizerNames.Find(name)!.Stages)
        {
            Regex regex = new(preTokenizer.Pattern, RegexOptions.CultureInvariant);
            Texts.Any.Where(text => !text.Any(char.IsSurrogate) && !text.Contains("'ſ", StringComparison.Ordinal)).Sample(
                text => Assert.Equal(Split(regex, text), Split(preTokenizer, text)), iter: 1000);
        }
    }

    // Matches are words, and so is what lies between them.
    private static List<string> Split(Regex regex, string text)
    {
        List<string> words = [];
        int end = 0;
        foreach (Match match in regex.Matches(text))
        {
            if (match.Index > end)
            {
                words.Add(text[end..match.Index]);
            }

            words.Add(match.Value);
            end = match.Index + match.Length;
        }

        if (end < text.Length)
        {
            words.Add(text[end..]);
        }

        return words;
    }

    private static List<string> Split(PreTokenizer preTokenizer, string text)
    {
        List<string> words = [];
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(text);
        while (!rest.IsEmpty)
        {
            int length = preTokenizer.NextLength(rest);
            words.Add(Encoding.UTF8.GetString(rest[..length]));
            rest = rest[length..];
        }

        return words;
    }
}
