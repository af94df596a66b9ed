using System.Text.RegularExpressions;

namespace Moiety.Cli.Shell;

/// <summary>What is wrong with a command line, in words of users: the parser's own speak of .NET types.</summary>
internal static partial class ParseErrorText
{
    /// <summary>Rewrites a message of the parser where it names a type.</summary>
    public static string Describe(string message)
    {
        if (Unparsable().Match(message) is not { Success: true } match)
        {
            return message;
        }

        string[] choices = match.Groups["choices"].Value.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        string type = match.Groups["type"].Value;
        string expected = choices.Length > 0 ? $"one of {string.Join(", ", choices.Select(choice => choice.ToLowerInvariant()))}"
            : type.Contains("UInt64", StringComparison.Ordinal) ? $"a whole number from 0 to {ulong.MaxValue}"
            : type.Contains("Int64", StringComparison.Ordinal) ? $"a whole number up to {long.MaxValue}"
            : type.Contains("Int32", StringComparison.Ordinal) ? $"a whole number up to {int.MaxValue}"
            : "a number";
        return $"{match.Groups["name"].Value} must be {expected}, not \"{match.Groups["value"].Value}\".";
    }

    [GeneratedRegex(@"^Cannot parse argument '(?<value>.*)' for \w+ '(?<name>[^']+)' as expected type '(?<type>[^']+)'\.(?: Did you mean one of the following\?(?<choices>.*))?$", RegexOptions.Singleline | RegexOptions.CultureInvariant)]
    private static partial Regex Unparsable();
}
