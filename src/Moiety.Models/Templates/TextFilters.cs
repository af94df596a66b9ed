using System.Globalization;
using System.Text;

namespace Moiety.Models.Templates;

/// <summary>Filters over texts and numbers.</summary>
internal static class TextFilters
{
    /// <summary>Applies a filter, or gives false when there is none of that name here.</summary>
    public static bool TryApply(string name, object? value, TemplateArguments arguments, out object? result)
    {
        TemplateBudget budget = arguments.Budget;
        budget.Scan((value as string)?.Length ?? 0);
        string Text() => TemplateText.Print(value, budget);
        result = name switch
        {
            "string" => value is string ? value : Text(),
            "upper" => Made(Upper(Text()), budget),
            "lower" => Made(Lower(Text()), budget),
            "capitalize" => Made(Capitalize(Text()), budget),
            "title" => Made(Title(Text(), everyWord: true), budget),
            "trim" => TextMethods.Find(Text(), "strip")!.Call(arguments),
            "replace" => Replace(Text(), arguments, 0),
            "indent" => Indent(Text(), arguments),
            "tojson" => ToJson(value, arguments),
            "escape" or "e" or "forceescape" => Escape(Text(), budget),
            "safe" => value,
            "int" => ToInteger(value, arguments),
            "float" => ToFloat(value, arguments),
            "abs" => Absolute(value, arguments),
            "round" => Round(value, arguments),
            "wordcount" => Words(Text()),
            "urlencode" => UrlEncode(value as string ?? throw arguments.Error("urlencode needs a text"), budget),
            _ => budget,
        };
        return !ReferenceEquals(result, budget);
    }

    /// <summary>Upper case, by the rules of no particular language.</summary>
    public static string Upper(string text) => text.Replace("ß", "SS", StringComparison.Ordinal).ToUpperInvariant();

    /// <summary>Lower case, by the rules of no particular language.</summary>
    public static string Lower(string text) => text.ToLowerInvariant();

    /// <summary>The first letter upper case, all others lower case.</summary>
    public static string Capitalize(string text)
    {
        int first = text.Length > 1 && char.IsSurrogatePair(text, 0) ? 2 : Math.Min(1, text.Length);
        return Upper(text[..first]) + Lower(text[first..]);
    }

    /// <summary>Every word with an upper case letter first.</summary>
    /// <param name="text">The text.</param>
    /// <param name="everyWord">
    /// True for the filter, whose words begin after white space and - ( { [ &lt;; false for the method, whose words begin after anything
    /// but a letter.
    /// </param>
    public static string Title(string text, bool everyWord)
    {
        StringBuilder output = new(text.Length);
        bool start = true;
        foreach (char character in text)
        {
            output.Append(start ? char.ToUpperInvariant(character) : char.ToLowerInvariant(character));
            start = everyWord
                ? char.IsWhiteSpace(character) || character is '-' or '(' or '{' or '[' or '<'
                : !char.IsLetter(character);
        }

        return output.ToString();
    }

    /// <summary>Replaces parts of a text, all of them or the first few.</summary>
    public static string Replace(string text, TemplateArguments arguments, int first)
    {
        TemplateBudget budget = arguments.Budget;
        string old = TemplateText.Print(arguments.Require(first, "old"), budget);
        string put = TemplateText.Print(arguments.Require(first + 1, "new"), budget);
        long limit = arguments.Get(first + 2, "count") is null ? -1 : arguments.Integer(first + 2, "count", -1);
        budget.Search(text, old);
        StringBuilder output = new();
        int done = 0;
        for (long count = 0; limit < 0 || count < limit; count++)
        {
            // An empty text is found between all characters.
            int found = old.Length > 0 ? text.IndexOf(old, done, StringComparison.Ordinal)
                : count == 0 ? 0 : done < text.Length ? done + TextSearch.Width(text, done) : -1;
            if (found < 0)
            {
                break;
            }

            budget.Step();
            budget.Allocate(found - done + put.Length);
            output.Append(text, done, found - done).Append(put);
            done = found + old.Length;
        }

        budget.Allocate(text.Length - done);
        return output.Append(text, done, text.Length - done).ToString();
    }

    private static string Indent(string text, TemplateArguments arguments)
    {
        object? width = arguments.Get(0, "width");
        string space = width as string ?? new string(' ', (int)Math.Clamp(arguments.Integer(0, "width", 4), 0, 1000));
        bool first = arguments.Flag(1, "first", false);
        bool blank = arguments.Flag(2, "blank", false);
        string[] lines = text.Replace("\r\n", "\n", StringComparison.Ordinal).Split('\n');
        arguments.Budget.Allocate(text.Length + ((long)space.Length * lines.Length));
        for (int line = 0; line < lines.Length; line++)
        {
            bool wanted = line == 0 ? first : blank || lines[line].Length > 0;
            lines[line] = wanted ? space + lines[line] : lines[line];
        }

        return string.Join('\n', lines);
    }

    private static string ToJson(object? value, TemplateArguments arguments)
    {
        bool ascii = arguments.Named.ContainsKey("ensure_ascii") && TemplateValues.IsTrue(arguments.Named["ensure_ascii"]);
        object? wide = arguments.Get(0, "indent");
        string? indent = wide switch
        {
            null or Undefined => null,
            string text => text,
            _ => new string(' ', (int)Math.Clamp(arguments.Integer(0, "indent", 0), 0, 1000)),
        };
        string item = indent is null ? ", " : ",";
        string key = ": ";
        if (arguments.Named.TryGetValue("separators", out object? separators) && separators is TemplateTuple or List<object?>)
        {
            IReadOnlyList<object?> pair = TemplateValues.Items(separators, arguments.Budget);
            (item, key) = pair is [string first, string second] ? (first, second) : throw arguments.Error("separators need two texts");
        }

        bool sort = arguments.Named.TryGetValue("sort_keys", out object? sorted) && TemplateValues.IsTrue(sorted);
        return TemplateText.ToJson(value, indent, item, key, sort, ascii, arguments.Budget);
    }

    private static string Escape(string text, TemplateBudget budget)
    {
        // The longest escape has 5 characters.
        budget.Allocate(text.Length + (5 * TextSearch.CountAny(text, "&<>'\"")));
        return Made(text.Replace("&", "&amp;", StringComparison.Ordinal).Replace("<", "&lt;", StringComparison.Ordinal).Replace(">", "&gt;", StringComparison.Ordinal)
            .Replace("'", "&#39;", StringComparison.Ordinal).Replace("\"", "&#34;", StringComparison.Ordinal), budget);
    }

    private static long Words(string text)
    {
        long words = 0;
        for (int at = 0; at < text.Length; at++)
        {
            words += !char.IsWhiteSpace(text[at]) && (at == 0 || char.IsWhiteSpace(text[at - 1])) ? 1 : 0;
        }

        return words;
    }

    private static string UrlEncode(string text, TemplateBudget budget)
    {
        // A character can become three bytes with three characters each.
        budget.Allocate(9L * text.Length);
        return Uri.EscapeDataString(text).Replace("%2F", "/", StringComparison.Ordinal);
    }

    private static object Absolute(object? value, TemplateArguments arguments) => value switch
    {
        double number => Math.Abs(number),
        long or bool => TemplateValues.ToInteger(value) is var whole && whole < 0 ? TemplateOperators.Apply("-", 0L, whole, arguments.Budget)! : whole,
        _ => throw arguments.Error("abs needs a number"),
    };

    private static object? ToInteger(object? value, TemplateArguments arguments) => value switch
    {
        long or bool => TemplateValues.ToInteger(value),
        double number when Math.Abs(number) < long.MaxValue => (long)number,
        string text when long.TryParse(text.Trim(), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number) => number,
        string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) && Math.Abs(number) < long.MaxValue => (long)number,
        _ => arguments.Has(0, "default") ? arguments.Get(0, "default") : 0L,
    };

    private static object? ToFloat(object? value, TemplateArguments arguments) => value switch
    {
        long or bool or double => TemplateValues.ToDouble(value),
        string text when double.TryParse(text.Trim(), NumberStyles.Float, CultureInfo.InvariantCulture, out double number) => number,
        _ => arguments.Has(0, "default") ? arguments.Get(0, "default") : 0.0,
    };

    private static object Round(object? value, TemplateArguments arguments)
    {
        double number = value is long or bool or double ? TemplateValues.ToDouble(value) : throw arguments.Error("round needs a number");
        long precision = arguments.Integer(0, "precision", 0);
        int digits = precision is >= 0 and <= 15 ? (int)precision : throw arguments.Error("round takes a precision from 0 to 15");
        double scale = Math.Pow(10, digits);
        return arguments.Text(1, "method", "common") switch
        {
            "common" when value is not double => (object)TemplateValues.ToInteger(value),
            "common" => Math.Round(number, digits, MidpointRounding.ToEven),
            "ceil" => Math.Ceiling(number * scale) / scale,
            "floor" => Math.Floor(number * scale) / scale,
            string method => throw arguments.Error($"round knows no method \"{method}\""),
        };
    }

    private static string Made(string text, TemplateBudget budget)
    {
        budget.Allocate(text.Length);
        return text;
    }
}
