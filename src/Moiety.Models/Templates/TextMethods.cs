namespace Moiety.Models.Templates;

/// <summary>The methods of Python's texts that chat templates use.</summary>
internal static class TextMethods
{
    /// <summary>A method, or null when there is none of that name.</summary>
    public static TemplateFunction? Find(string text, string name)
    {
        Func<TemplateArguments, object?>? method = name switch
        {
            "strip" => arguments => Strip(text, arguments, left: true, right: true),
            "lstrip" => arguments => Strip(text, arguments, left: true, right: false),
            "rstrip" => arguments => Strip(text, arguments, left: false, right: true),
            "split" => arguments => Split(text, arguments, fromRight: false),
            "rsplit" => arguments => Split(text, arguments, fromRight: true),
            "splitlines" => arguments => Counted(text.ReplaceLineEndings("\n").TrimEnd('\n').Split('\n'), arguments),
            "startswith" => arguments => Any(arguments, prefix => text.StartsWith(prefix, StringComparison.Ordinal)),
            "endswith" => arguments => Any(arguments, suffix => text.EndsWith(suffix, StringComparison.Ordinal)),
            "replace" => arguments => TextFilters.Replace(text, arguments, 0),
            "upper" => arguments => Made(TextFilters.Upper(text), arguments),
            "lower" => arguments => Made(TextFilters.Lower(text), arguments),
            "capitalize" => arguments => Made(TextFilters.Capitalize(text), arguments),
            "title" => arguments => Made(TextFilters.Title(text, everyWord: false), arguments),
            "find" => arguments => (long)text.IndexOf(arguments.Text(0, "sub", ""), StringComparison.Ordinal),
            "rfind" => arguments => (long)text.LastIndexOf(arguments.Text(0, "sub", ""), StringComparison.Ordinal),
            "count" => arguments => Count(text, arguments.Text(0, "sub", "")),
            "join" => arguments => Join(text, arguments),
            "isdigit" => arguments => text.Length > 0 && text.All(char.IsDigit),
            "isspace" => arguments => text.Length > 0 && text.All(char.IsWhiteSpace),
            "isalpha" => arguments => text.Length > 0 && text.All(char.IsLetter),
            "isalnum" => arguments => text.Length > 0 && text.All(char.IsLetterOrDigit),
            "isupper" => arguments => text.Any(char.IsUpper) && !text.Any(char.IsLower),
            "islower" => arguments => text.Any(char.IsLower) && !text.Any(char.IsUpper),
            "removeprefix" => arguments => arguments.Text(0, "prefix", "") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text,
            "removesuffix" => arguments => arguments.Text(0, "suffix", "") is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
            _ => null,
        };
        return method is null ? null : new TemplateFunction(name, method);
    }

    private static string Strip(string text, TemplateArguments arguments, bool left, bool right)
    {
        arguments.AtMost(1);
        string? set = arguments.Get(0, "chars") is null ? null : arguments.Text(0, "chars", "");
        int start = 0;
        int end = text.Length;
        bool Goes(char character) => set is null ? char.IsWhiteSpace(character) : set.Contains(character, StringComparison.Ordinal);
        while (left && start < end && Goes(text[start]))
        {
            start++;
        }

        while (right && end > start && Goes(text[end - 1]))
        {
            end--;
        }

        return Made(text[start..end], arguments);
    }

    private static List<object?> Split(string text, TemplateArguments arguments, bool fromRight)
    {
        string? separator = arguments.Get(0, "sep") is null ? null : arguments.Text(0, "sep", "");
        long limit = arguments.Integer(1, "maxsplit", -1);
        if (separator is { Length: 0 })
        {
            throw arguments.Error("the separator of split is empty");
        }

        string[] parts = separator is null
            ? text.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)
            : text.Split(separator);
        if (limit < 0 || parts.Length <= limit + 1)
        {
            return Counted(parts, arguments);
        }

        return separator is null ? SplitAtWhiteSpace(text, limit, arguments)
            : fromRight ? Counted([string.Join(separator, parts[..^(int)limit]), .. parts[^(int)limit..]], arguments)
            : Counted([.. parts[..(int)limit], string.Join(separator, parts[(int)limit..])], arguments);
    }

    private static List<object?> SplitAtWhiteSpace(string text, long limit, TemplateArguments arguments)
    {
        List<string> parts = [];
        ReadOnlySpan<char> rest = text.AsSpan().TrimStart();
        while (parts.Count < limit && !rest.IsEmpty)
        {
            int end = 0;
            while (end < rest.Length && !char.IsWhiteSpace(rest[end]))
            {
                end++;
            }

            parts.Add(rest[..end].ToString());
            rest = rest[end..].TrimStart();
        }

        if (!rest.IsEmpty)
        {
            parts.Add(rest.ToString());
        }

        return Counted([.. parts], arguments);
    }

    private static bool Any(TemplateArguments arguments, Func<string, bool> matches) => arguments.Require(0, "prefix") switch
    {
        string one => matches(one),
        TemplateTuple several => several.Items.OfType<string>().Any(matches),
        _ => throw arguments.Error("a text or a tuple of texts is needed here"),
    };

    private static long Count(string text, string part)
    {
        if (part.Length == 0)
        {
            return text.Length + 1;
        }

        long count = 0;
        for (int at = text.IndexOf(part, StringComparison.Ordinal); at >= 0; at = text.IndexOf(part, at + part.Length, StringComparison.Ordinal))
        {
            count++;
        }

        return count;
    }

    private static string Join(string separator, TemplateArguments arguments)
    {
        IReadOnlyList<object?> items = TemplateValues.Items(arguments.Require(0, "iterable"), arguments.Budget);
        arguments.Budget.Allocate((long)separator.Length * items.Count);
        string[] texts = [.. items.Select(item => item as string ?? throw arguments.Error($"join needs texts, not {TemplateValues.TypeName(item)}"))];
        arguments.Budget.Allocate(texts.Sum(item => (long)item.Length));
        return string.Join(separator, texts);
    }

    private static string Made(string text, TemplateArguments arguments)
    {
        arguments.Budget.Allocate(text.Length);
        return text;
    }

    private static List<object?> Counted(string[] parts, TemplateArguments arguments)
    {
        arguments.Budget.Allocate(parts.Sum(part => 1L + part.Length));
        return [.. parts];
    }
}
