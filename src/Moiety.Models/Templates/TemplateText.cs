using System.Globalization;
using System.Text;

namespace Moiety.Models.Templates;

/// <summary>How values look: as Python prints them, as it represents them inside lists, and as JSON.</summary>
internal static class TemplateText
{
    private const int EscapeLength = 4;

    /// <summary>What <c>{{ value }}</c> prints.</summary>
    public static string Print(object? value, TemplateBudget budget)
    {
        if (value is string text)
        {
            return text;
        }

        StringBuilder output = new();
        if (value is not Undefined)
        {
            Represent(value, output, budget);
        }

        budget.Allocate(output.Length);
        return output.ToString();
    }

    /// <summary>JSON as Python's <c>json.dumps</c> writes it, without escapes of non-ASCII characters.</summary>
    /// <param name="value">The value.</param>
    /// <param name="indent">Spaces of each level, or null for one line.</param>
    /// <param name="itemSeparator">Between items; <c>", "</c> on one line, <c>","</c> with indentation.</param>
    /// <param name="keySeparator">Between key and value.</param>
    /// <param name="sortKeys">Whether keys come in their order.</param>
    /// <param name="ascii">Whether other characters are escaped.</param>
    /// <param name="budget">What the rendering may take.</param>
    /// <exception cref="InvalidTemplateException">The value has no JSON form.</exception>
    public static string ToJson(object? value, string? indent, string itemSeparator, string keySeparator, bool sortKeys, bool ascii, TemplateBudget budget)
    {
        JsonText json = new(indent, itemSeparator, keySeparator, sortKeys, ascii, budget);
        json.Write(value, 0);
        return json.ToString();
    }

    /// <summary>A double as Python represents it: the shortest digits that give it back.</summary>
    public static string Number(double value)
    {
        if (!double.IsFinite(value))
        {
            return double.IsNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
        }

        // Take the shortest form apart: its digits without zeros at the ends, and the power of ten of the first.
        string shortest = Math.Abs(value).ToString("R", CultureInfo.InvariantCulture);
        int mark = shortest.IndexOf('E', StringComparison.Ordinal);
        string mantissa = mark < 0 ? shortest : shortest[..mark];
        int point = mantissa.IndexOf('.', StringComparison.Ordinal);
        int exponent = (mark < 0 ? 0 : int.Parse(shortest.AsSpan(mark + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture))
            + (point < 0 ? mantissa.Length : point) - 1;
        string digits = mantissa.Replace(".", "", StringComparison.Ordinal);
        int zeros = digits.Length - digits.TrimStart('0').Length;
        digits = digits.Trim('0');
        string sign = double.IsNegative(value) ? "-" : "";
        if (digits.Length == 0)
        {
            return sign + "0.0";
        }

        exponent -= zeros;
        return sign + exponent switch
        {
            < -4 or >= 16 => $"{digits[0]}{(digits.Length > 1 ? "." : "")}{digits[1..]}e{(exponent < 0 ? "-" : "+")}{Math.Abs(exponent):00}",
            < 0 => $"0.{new string('0', -exponent - 1)}{digits}",
            _ when digits.Length <= exponent + 1 => $"{digits.PadRight(exponent + 1, '0')}.0",
            _ => $"{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}",
        };
    }

    /// <summary>A value as it looks inside a list.</summary>
    public static void Represent(object? value, StringBuilder output, TemplateBudget budget)
    {
        budget.Step();
        budget.Enter();
        switch (value)
        {
            case null:
                output.Append("None");
                break;
            case Undefined:
                output.Append("Undefined");
                break;
            case bool flag:
                output.Append(flag ? "True" : "False");
                break;
            case long number:
                output.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                output.Append(Number(number));
                break;
            case string text:
                budget.Allocate(text.Length);
                Quote(text, output, budget);
                break;
            case List<object?> list:
                Join('[', list, ']', output, budget);
                break;
            case TemplateTuple tuple:
                Join('(', tuple.Items, ')', output, budget);
                if (tuple.Items.Length == 1)
                {
                    output.Insert(output.Length - 1, ',');
                }

                break;
            case TemplateDictionary dictionary:
                output.Append('{');
                for (int index = 0; index < dictionary.Count; index++)
                {
                    output.Append(index > 0 ? ", " : "");
                    Represent(dictionary.Pairs[index].Key, output, budget);
                    output.Append(": ");
                    Represent(dictionary.Pairs[index].Value, output, budget);
                }

                output.Append('}');
                break;
            default:
                throw new InvalidTemplateException(budget.Line, $"{TemplateValues.TypeName(value)} cannot be printed");
        }

        budget.Leave();
    }

    private static void Join(char open, IReadOnlyList<object?> items, char close, StringBuilder output, TemplateBudget budget)
    {
        output.Append(open);
        for (int index = 0; index < items.Count; index++)
        {
            output.Append(index > 0 ? ", " : "");
            Represent(items[index], output, budget);
        }

        output.Append(close);
    }

    // Single quotes, unless only double quotes avoid an escape.
    private static void Quote(string text, StringBuilder output, TemplateBudget budget)
    {
        char quote = text.Contains('\'', StringComparison.Ordinal) && !text.Contains('"', StringComparison.Ordinal) ? '"' : '\'';
        output.Append(quote);
        foreach (char character in text)
        {
            switch (character)
            {
                case '\\': output.Append("\\\\"); break;
                case '\n': output.Append("\\n"); break;
                case '\r': output.Append("\\r"); break;
                case '\t': output.Append("\\t"); break;
                case < ' ' or '\x7f':
                    budget.Allocate(EscapeLength);
                    output.Append(CultureInfo.InvariantCulture, $"\\x{(int)character:x2}");
                    break;
                default: output.Append(character == quote ? $"\\{character}" : character.ToString()); break;
            }
        }

        output.Append(quote);
    }
}
