namespace Moiety.Models.Templates;

/// <summary>Operators with two operands, by Python's rules. Whole numbers have 64 bits; what does not fit is an error.</summary>
internal static class TemplateOperators
{
    /// <summary>Applies an arithmetic operator or <c>~</c>.</summary>
    /// <exception cref="InvalidTemplateException">The operands do not fit the operator.</exception>
    public static object? Apply(string symbol, object? left, object? right, TemplateBudget budget)
    {
        try
        {
            return (symbol, left, right) switch
            {
                ("~", _, _) => Concatenate(TemplateText.Print(left, budget), TemplateText.Print(right, budget), budget),
                ("+", string a, string b) => Concatenate(a, b, budget),
                ("+", List<object?> a, List<object?> b) => Concatenate(a, b, budget),
                ("+", TemplateTuple a, TemplateTuple b) => new TemplateTuple([.. Concatenate(a.Items, b.Items, budget)]),
                ("*", string text, long or bool) => Repeat(text, TemplateValues.ToInteger(right), budget),
                ("*", long or bool, string text) => Repeat(text, TemplateValues.ToInteger(left), budget),
                ("*", List<object?> list, long or bool) => Repeat(list, TemplateValues.ToInteger(right), budget),
                ("*", long or bool, List<object?> list) => Repeat(list, TemplateValues.ToInteger(left), budget),
                ("*", TemplateTuple tuple, long or bool) => new TemplateTuple([.. Repeat(tuple.Items, TemplateValues.ToInteger(right), budget)]),
                ("*", long or bool, TemplateTuple tuple) => new TemplateTuple([.. Repeat(tuple.Items, TemplateValues.ToInteger(left), budget)]),
                (_, bool or long, bool or long) => Integers(symbol, TemplateValues.ToInteger(left), TemplateValues.ToInteger(right), budget),
                (_, bool or long or double, bool or long or double) => Doubles(symbol, TemplateValues.ToDouble(left), TemplateValues.ToDouble(right), budget),
                _ => throw new InvalidTemplateException(budget.Line, $"{symbol} cannot take {TemplateValues.TypeName(left)} and {TemplateValues.TypeName(right)}"),
            };
        }
        catch (OverflowException)
        {
            throw new InvalidTemplateException(budget.Line, $"the result of {symbol} does not fit 64 bits");
        }
    }

    /// <summary>Whether a text, a list or a dictionary has a part, an item or a key.</summary>
    /// <exception cref="InvalidTemplateException">Nothing can be in the value.</exception>
    public static bool Contains(object? whole, object? part, TemplateBudget budget) => (whole, part) switch
    {
        (string text, string piece) => TextSearch.Find(text, piece, 0, budget) >= 0,
        (TemplateDictionary dictionary, null or bool or long or double or string) => dictionary.TryGet(part, out _),
        (TemplateDictionary, TemplateTuple) => false,
        (TemplateDictionary, not Undefined) => throw new InvalidTemplateException(budget.Line, $"{TemplateValues.TypeName(part)} cannot be the key of a dictionary"),
        (string, _) => throw new InvalidTemplateException(budget.Line, $"{TemplateValues.TypeName(part)} cannot be part of a text"),
        _ => TemplateValues.Items(whole, budget).Any(item => TemplateValues.AreEqual(item, part, budget)),
    };

    private static object Integers(string symbol, long left, long right, TemplateBudget budget) => symbol switch
    {
        "+" => checked(left + right),
        "-" => checked(left - right),
        "*" => checked(left * right),
        "/" => right != 0 ? (double)left / right : throw Zero(budget),
        "//" => right != 0 ? FloorDivide(left, right) : throw Zero(budget),
        "%" => right == -1 ? 0L : right != 0 ? left - (FloorDivide(left, right) * right) : throw Zero(budget),
        _ => right < 0 ? left != 0 ? Math.Pow(left, right) : throw Zero(budget) : Power(left, right, budget),
    };

    private static object Doubles(string symbol, double left, double right, TemplateBudget budget) => symbol switch
    {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => right != 0 ? left / right : throw Zero(budget),
        "//" => right != 0 ? Math.Floor(left / right) : throw Zero(budget),
        "%" => right != 0 ? left - (Math.Floor(left / right) * right) : throw Zero(budget),
        _ => Math.Pow(left, right),
    };

    private static long FloorDivide(long left, long right)
    {
        long quotient = checked(left / right);
        return left % right != 0 && left < 0 != right < 0 ? quotient - 1 : quotient;
    }

    private static object Power(long left, long right, TemplateBudget budget)
    {
        // 64 doublings overflow any base but these, whose powers are their own.
        if (left is 0 or 1 or -1)
        {
            return right == 0 ? 1L : left == -1 && right % 2 == 0 ? 1L : left;
        }

        long result = 1;
        for (long count = 0; count < right; count++)
        {
            budget.Step();
            result = checked(result * left);
        }

        return result;
    }

    private static string Concatenate(string left, string right, TemplateBudget budget)
    {
        budget.Allocate((long)left.Length + right.Length);
        return left + right;
    }

    private static List<object?> Concatenate(IReadOnlyList<object?> left, IReadOnlyList<object?> right, TemplateBudget budget)
    {
        budget.AllocateItems((long)left.Count + right.Count);
        return [.. left, .. right];
    }

    private static string Repeat(string text, long count, TemplateBudget budget)
    {
        count = text.Length == 0 ? 0 : Math.Max(count, 0);
        budget.Allocate(checked(text.Length * count));
        return string.Create((int)(text.Length * count), text, (destination, part) =>
        {
            for (int at = 0; at < destination.Length; at += part.Length)
            {
                part.CopyTo(destination[at..]);
            }
        });
    }

    private static List<object?> Repeat(IReadOnlyList<object?> list, long count, TemplateBudget budget)
    {
        count = list.Count == 0 ? 0 : Math.Max(count, 0);
        budget.AllocateItems(checked(list.Count * count));
        return [.. Enumerable.Repeat(list, (int)count).SelectMany(items => items)];
    }

    private static InvalidTemplateException Zero(TemplateBudget budget) => new(budget.Line, "division by 0");
}
