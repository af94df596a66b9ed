namespace Moiety.Models.Templates;

/// <summary>
/// Python's rules for the values of a template: null (none), <see cref="Undefined"/>, bool, long, double, string, list
/// (<see cref="List{T}"/>), <see cref="TemplateTuple"/>, dictionary (<see cref="TemplateDictionary"/>),
/// <see cref="TemplateNamespace"/>, <see cref="TemplateFunction"/>.
/// </summary>
internal static class TemplateValues
{
    /// <summary>Whether a value counts as true.</summary>
    public static bool IsTrue(object? value) => value switch
    {
        null or Undefined => false,
        bool flag => flag,
        long number => number != 0,
        double number => number != 0,
        string text => text.Length > 0,
        List<object?> list => list.Count > 0,
        TemplateTuple tuple => tuple.Items.Length > 0,
        TemplateDictionary dictionary => dictionary.Count > 0,
        _ => true,
    };

    /// <summary>Whether two values are equal: 1 == 1.0 == true, but 1 != "1".</summary>
    public static bool AreEqual(object? left, object? right, TemplateBudget budget)
    {
        budget.Step();
        budget.Enter();
        bool equal = (left, right) switch
        {
            (null, null) => true,
            (Undefined, Undefined) => true,
            (string a, string b) => a.Length == b.Length && AreEqualTexts(a, b, budget),
            (bool or long or double, bool or long or double) => AreEqualNumbers(left, right),
            (List<object?> a, List<object?> b) => AreEqualItems(a, b, budget),
            (TemplateTuple a, TemplateTuple b) => AreEqualItems(a.Items, b.Items, budget),
            (TemplateDictionary a, TemplateDictionary b) => a.Count == b.Count && a.Pairs.All(pair => b.TryGet(pair.Key, out object? other) && AreEqual(pair.Value, other, budget)),
            _ => ReferenceEquals(left, right) && left is not null,
        };
        budget.Leave();
        return equal;
    }

    /// <summary>Orders two numbers, two texts (by code point) or two lists.</summary>
    /// <exception cref="InvalidTemplateException">They have no order.</exception>
    public static int Compare(object? left, object? right, TemplateBudget budget)
    {
        budget.Step();
        switch (left, right)
        {
            case (bool or long, bool or long):
                return ToInteger(left).CompareTo(ToInteger(right));
            case (bool or long or double, bool or long or double):
                return ToDouble(left).CompareTo(ToDouble(right));
            case (string a, string b):
                budget.Scan(Math.Min(a.Length, b.Length));
                return CompareCodePoints(a, b);
            case (List<object?> a, List<object?> b):
                return CompareItems(a, b, budget);
            case (TemplateTuple a, TemplateTuple b):
                return CompareItems(a.Items, b.Items, budget);
            default:
                throw new InvalidTemplateException(budget.Line, $"{TypeName(left)} and {TypeName(right)} have no order");
        }
    }

    /// <summary>The items that a loop goes through: of a text its characters, of a dictionary its keys.</summary>
    /// <exception cref="InvalidTemplateException">The value has no items.</exception>
    public static IReadOnlyList<object?> Items(object? value, TemplateBudget budget)
    {
        switch (value)
        {
            case List<object?> list:
                return list;
            case TemplateTuple tuple:
                return tuple.Items;
            case TemplateDictionary dictionary:
                budget.AllocateItems(dictionary.Count);
                return [.. dictionary.Pairs.Select(pair => pair.Key)];
            case string text:
                budget.AllocateItems(text.Length);
                return [.. Characters(text)];
            case Undefined:
                return [];
            default:
                throw new InvalidTemplateException(budget.Line, $"{TypeName(value)} has no items");
        }
    }

    /// <summary>Length of a text in characters of Unicode, or number of items.</summary>
    /// <exception cref="InvalidTemplateException">The value has no length.</exception>
    public static long Length(object? value, TemplateBudget budget) => value switch
    {
        string text => CodePoints(text, budget),
        TemplateDictionary dictionary => dictionary.Count,
        _ => Items(value, budget).Count,
    };

    /// <summary>The characters of a text: code points, not halves of them.</summary>
    public static IEnumerable<string> Characters(string text)
    {
        for (int at = 0; at < text.Length;)
        {
            int length = char.IsSurrogatePair(text, at) ? 2 : 1;
            yield return text.Substring(at, length);
            at += length;
        }
    }

    /// <summary>What Python calls the type of a value.</summary>
    public static string TypeName(object? value) => value switch
    {
        null => "none",
        Undefined undefined => $"the undefined \"{undefined.Name}\"",
        bool => "a truth value",
        long or double => "a number",
        string => "a text",
        List<object?> => "a list",
        TemplateTuple => "a tuple",
        TemplateDictionary => "a dictionary",
        TemplateFunction function => $"the function \"{function.Name}\"",
        _ => "an object",
    };

    /// <summary>A truth value or whole number as a number.</summary>
    public static long ToInteger(object? value) => value is bool flag ? flag ? 1 : 0 : (long)value!;

    /// <summary>Any number as a double.</summary>
    public static double ToDouble(object? value) => value is double number ? number : ToInteger(value);

    private static long CodePoints(string text, TemplateBudget budget)
    {
        budget.Scan(text.Length);
        long count = 0;
        for (int at = 0; at < text.Length; at += char.IsSurrogatePair(text, at) ? 2 : 1)
        {
            count++;
        }

        return count;
    }

    private static bool AreEqualTexts(string left, string right, TemplateBudget budget)
    {
        budget.Scan(left.Length);
        return string.Equals(left, right, StringComparison.Ordinal);
    }

    private static bool AreEqualNumbers(object? left, object? right) => left is double || right is double
        ? ToDouble(left) == ToDouble(right)
        : ToInteger(left) == ToInteger(right);

    private static bool AreEqualItems(IReadOnlyList<object?> left, IReadOnlyList<object?> right, TemplateBudget budget)
    {
        if (left.Count != right.Count)
        {
            return false;
        }

        for (int index = 0; index < left.Count; index++)
        {
            if (!AreEqual(left[index], right[index], budget))
            {
                return false;
            }
        }

        return true;
    }

    private static int CompareItems(IReadOnlyList<object?> left, IReadOnlyList<object?> right, TemplateBudget budget)
    {
        budget.Enter();
        int order = 0;
        for (int index = 0; index < Math.Min(left.Count, right.Count) && order == 0; index++)
        {
            order = AreEqual(left[index], right[index], budget) ? 0 : Compare(left[index], right[index], budget);
        }

        budget.Leave();
        return order != 0 ? order : left.Count.CompareTo(right.Count);
    }

    // UTF-16 order differs where surrogates meet the characters after them.
    private static int CompareCodePoints(string left, string right)
    {
        int length = Math.Min(left.Length, right.Length);
        for (int at = 0; at < length; at++)
        {
            if (left[at] != right[at])
            {
                bool leftPair = char.IsSurrogate(left[at]);
                bool rightPair = char.IsSurrogate(right[at]);
                return leftPair == rightPair ? left[at].CompareTo(right[at]) : leftPair ? 1 : -1;
            }
        }

        return left.Length.CompareTo(right.Length);
    }
}
