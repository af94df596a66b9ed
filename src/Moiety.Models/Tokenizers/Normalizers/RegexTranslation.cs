using System.Text.RegularExpressions;

namespace Moiety.Models.Tokenizers.Normalizers;

/// <summary>
/// Regular expressions of the tokenizers library (Oniguruma over Unicode characters) as .NET runs them (over UTF-16 units), where both
/// mean the same; what may differ is refused.
/// </summary>
internal static class RegexTranslation
{
    private const int LongestPattern = 1000;

    /// <summary>Compiles an expression that runs in linear time.</summary>
    /// <exception cref="InvalidInputException">It is malformed or not supported.</exception>
    public static Regex Compile(string pattern)
    {
        if (pattern.Length > LongestPattern)
        {
            throw new InvalidInputException($"The regular expression has {pattern.Length} characters; up to {LongestPattern} are supported.");
        }

        if (FindObstacle(pattern) is { } obstacle)
        {
            throw new InvalidInputException(
                $"The regular expression {pattern} is not supported: {obstacle} may mean something else here than in Hugging Face's library.");
        }

        try
        {
            Regex regex = new(pattern, RegexOptions.NonBacktracking | RegexOptions.CultureInvariant);
            return regex.IsMatch("") ? throw new InvalidInputException($"The regular expression {pattern} is not supported: it matches an empty text.") : regex;
        }
        catch (Exception error) when (error is ArgumentException or NotSupportedException)
        {
            throw new InvalidInputException($"The regular expression {pattern} is malformed or not supported: {error.Message}", error);
        }
    }

    // Whatever can match a single half of a surrogate pair, or depends on a definition of words or lines.
    private static string? FindObstacle(string pattern)
    {
        for (int i = 0; i < pattern.Length; i++)
        {
            char c = pattern[i];
            if (c == '\\')
            {
                i++;
                if (i == pattern.Length || "nrtfvsdpux".Contains(pattern[i], StringComparison.Ordinal) || !char.IsAsciiLetterOrDigit(pattern[i]))
                {
                    continue;
                }

                return $"\\{pattern[i]}";
            }

            if (c is '.' or '^' or '$')
            {
                return c.ToString();
            }

            if (c == '(' && i + 1 < pattern.Length && pattern[i + 1] == '?' && !pattern.AsSpan(i).StartsWith("(?:"))
            {
                return "(?";
            }

            if (char.IsSurrogate(c) || (c == '&' && pattern.AsSpan(i).StartsWith("&&")) || (c == '[' && pattern.AsSpan(i).StartsWith("[[")))
            {
                return "a set of characters like this";
            }
        }

        return null;
    }
}
