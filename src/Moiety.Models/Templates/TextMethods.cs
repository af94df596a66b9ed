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
            "splitlines" => arguments => Lines(text, arguments),
            "startswith" => arguments => Any(arguments, prefix => text.StartsWith(prefix, StringComparison.Ordinal)),
            "endswith" => arguments => Any(arguments, suffix => text.EndsWith(suffix, StringComparison.Ordinal)),
            "replace" => arguments => TextFilters.Replace(text, arguments, 0),
            "upper" => arguments => Made(TextFilters.Upper(text), arguments),
            "lower" => arguments => Made(TextFilters.Lower(text), arguments),
            "capitalize" => arguments => Made(TextFilters.Capitalize(text), arguments),
            "title" => arguments => Made(TextFilters.Title(text, everyWord: false), arguments),
            "find" => arguments => TextSearch.Place(text, TextSearch.Find(text, Only(arguments), 0, arguments.Budget), arguments.Budget),
            "rfind" => arguments => TextSearch.Place(text, FindLast(text, Only(arguments), arguments.Budget), arguments.Budget),
            "count" => arguments => TextSearch.Count(text, Only(arguments), arguments.Budget),
            "join" => arguments => Join(text, arguments),
            "isdigit" => arguments => text.Length > 0 && text.All(char.IsDigit),
            "isspace" => arguments => text.Length > 0 && text.All(char.IsWhiteSpace),
            "isalpha" => arguments => text.Length > 0 && text.All(char.IsLetter),
            "isalnum" => arguments => text.Length > 0 && text.All(char.IsLetterOrDigit),
            "isupper" => arguments => TextSearch.IsAll(text, upper: true),
            "islower" => arguments => TextSearch.IsAll(text, upper: false),
            "removeprefix" => arguments => arguments.Text(0, "prefix", "") is var prefix && text.StartsWith(prefix, StringComparison.Ordinal) ? text[prefix.Length..] : text,
            "removesuffix" => arguments => arguments.Text(0, "suffix", "") is var suffix && text.EndsWith(suffix, StringComparison.Ordinal) ? text[..^suffix.Length] : text,
            _ => null,
        };
        return method is null ? null : new TemplateFunction(name, arguments =>
        {
            arguments.Budget.Scan(text.Length);
            return method(arguments);
        });
    }

    // The methods that search could also take the range to search in; templates do not, so it is refused.
    private static string Only(TemplateArguments arguments)
    {
        arguments.AtMost(1);
        return arguments.Require(0, "sub") as string ?? throw arguments.Error("a text can only be searched for texts");
    }

    private static int FindLast(string text, string part, TemplateBudget budget)
    {
        budget.Search(text, part);
        return text.LastIndexOf(part, StringComparison.Ordinal);
    }

    private static string Strip(string text, TemplateArguments arguments, bool left, bool right)
    {
        arguments.AtMost(1);
        HashSet<string>? set = null;
        if (arguments.Get(0, "chars") is not null)
        {
            string characters = arguments.Text(0, "chars", "");
            arguments.Budget.AllocateItems(characters.Length);
            set = [.. TemplateValues.Characters(characters)];
        }

        int start = 0;
        int end = text.Length;
        bool Goes(int at) => set is null ? char.IsWhiteSpace(text[at]) : set.Contains(TextSearch.Character(text, at));
        while (left && start < end && Goes(start))
        {
            start += set is null ? 1 : TextSearch.Width(text, start);
        }

        while (right && end > start)
        {
            int last = end - (end - start > 1 && char.IsSurrogatePair(text, end - 2) ? 2 : 1);
            if (!Goes(last))
            {
                break;
            }

            end = last;
        }

        return Made(text[start..end], arguments);
    }

    private static List<object?> Split(string text, TemplateArguments arguments, bool fromRight)
    {
        arguments.AtMost(2);
        string? separator = arguments.Get(0, "sep") is null ? null : arguments.Text(0, "sep", "");
        long limit = arguments.Integer(1, "maxsplit", -1);
        limit = limit < 0 ? long.MaxValue : limit;
        if (separator is { Length: 0 })
        {
            throw arguments.Error("the separator of split is empty");
        }

        if (separator is not null)
        {
            arguments.Budget.Search(text, separator);
        }

        List<object?> parts = (separator, fromRight) switch
        {
            (null, false) => SplitAtWhiteSpace(text, limit, arguments.Budget),
            (null, true) => SplitAtLastWhiteSpace(text, limit, arguments.Budget),
            (_, false) => SplitAt(text, separator, limit, arguments.Budget),
            (_, true) => SplitAtLast(text, separator, limit, arguments.Budget),
        };
        if (fromRight)
        {
            parts.Reverse();
        }

        return parts;
    }

    private static List<object?> SplitAt(string text, string separator, long limit, TemplateBudget budget)
    {
        List<object?> parts = [];
        int start = 0;
        for (int found = text.IndexOf(separator, StringComparison.Ordinal); found >= 0 && parts.Count < limit; found = text.IndexOf(separator, start, StringComparison.Ordinal))
        {
            Add(parts, text[start..found], budget);
            start = found + separator.Length;
        }

        Add(parts, text[start..], budget);
        return parts;
    }

    private static List<object?> SplitAtLast(string text, string separator, long limit, TemplateBudget budget)
    {
        List<object?> parts = [];
        int end = text.Length;
        while (parts.Count < limit && text.AsSpan(0, end).LastIndexOf(separator, StringComparison.Ordinal) is >= 0 and int found)
        {
            Add(parts, text[(found + separator.Length)..end], budget);
            end = found;
        }

        Add(parts, text[..end], budget);
        return parts;
    }

    private static List<object?> SplitAtWhiteSpace(string text, long limit, TemplateBudget budget)
    {
        List<object?> parts = [];
        ReadOnlySpan<char> rest = text.AsSpan().TrimStart();
        while (!rest.IsEmpty)
        {
            int end = parts.Count < limit ? 0 : rest.Length;
            while (end < rest.Length && !char.IsWhiteSpace(rest[end]))
            {
                end++;
            }

            Add(parts, rest[..end].ToString(), budget);
            rest = rest[end..].TrimStart();
        }

        return parts;
    }

    private static List<object?> SplitAtLastWhiteSpace(string text, long limit, TemplateBudget budget)
    {
        List<object?> parts = [];
        ReadOnlySpan<char> rest = text.AsSpan().TrimEnd();
        while (!rest.IsEmpty)
        {
            int start = parts.Count < limit ? rest.Length : 0;
            while (start > 0 && !char.IsWhiteSpace(rest[start - 1]))
            {
                start--;
            }

            Add(parts, rest[start..].ToString(), budget);
            rest = rest[..start].TrimEnd();
        }

        return parts;
    }

    private static List<object?> Lines(string text, TemplateArguments arguments)
    {
        arguments.AtMost(0);
        List<object?> lines = [];
        int start = 0;
        for (int at = 0; at < text.Length; at++)
        {
            if (text[at] is '\n' or '\r' or '\v' or '\f' or (>= '\x1c' and <= '\x1e') or '\x85' or '\u2028' or '\u2029')
            {
                Add(lines, text[start..at], arguments.Budget);
                at += text[at] == '\r' && at + 1 < text.Length && text[at + 1] == '\n' ? 1 : 0;
                start = at + 1;
            }
        }

        if (start < text.Length)
        {
            Add(lines, text[start..], arguments.Budget);
        }

        return lines;
    }

    private static void Add(List<object?> parts, string part, TemplateBudget budget)
    {
        budget.AllocateItems(1);
        budget.Allocate(part.Length);
        parts.Add(part);
    }

    private static bool Any(TemplateArguments arguments, Func<string, bool> matches) => (arguments.Count == 1 ? arguments.Require(0, "prefix") : null) switch
    {
        string one => matches(one),
        TemplateTuple several => several.Items.OfType<string>().Any(matches),
        _ => throw arguments.Error("one text or a tuple of texts is needed here"),
    };

    private static string Join(string separator, TemplateArguments arguments)
    {
        IReadOnlyList<object?> items = TemplateValues.Items(arguments.Require(0, "iterable"), arguments.Budget);
        arguments.Budget.ScanItems(items.Count);
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
}
