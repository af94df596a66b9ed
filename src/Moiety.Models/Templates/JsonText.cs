using System.Globalization;
using System.Text;

namespace Moiety.Models.Templates;

/// <summary>Writes values as Python's <c>json.dumps</c> does.</summary>
internal sealed class JsonText(string? indent, string itemSeparator, string keySeparator, bool sortKeys, bool ascii, TemplateBudget budget)
{
    private const int EscapeLength = 6;
    private readonly StringBuilder _output = new();

    /// <summary>Writes a value.</summary>
    /// <exception cref="InvalidTemplateException">It has no JSON form.</exception>
    public void Write(object? value, int level)
    {
        budget.Step();
        budget.Enter();
        switch (value)
        {
            case null:
                _output.Append("null");
                break;
            case bool flag:
                _output.Append(flag ? "true" : "false");
                break;
            case long number:
                _output.Append(number.ToString(CultureInfo.InvariantCulture));
                break;
            case double number:
                _output.Append(double.IsFinite(number) ? TemplateText.Number(number) : double.IsNaN(number) ? "NaN" : number > 0 ? "Infinity" : "-Infinity");
                break;
            case string text:
                Quote(text);
                break;
            case List<object?> or TemplateTuple:
                IReadOnlyList<object?> items = TemplateValues.Items(value, budget);
                Enclose('[', ']', items.Count, level, index => Write(items[index], level + 1));
                break;
            case TemplateDictionary dictionary:
                KeyValuePair<object?, object?>[] pairs = sortKeys
                    ? [.. TemplateOrder.Sort(dictionary.Pairs, pair => pair.Key, reverse: false, budget)]
                    : [.. dictionary.Pairs];
                Enclose('{', '}', pairs.Length, level, index =>
                {
                    Quote(Key(pairs[index].Key));
                    Separate(keySeparator);
                    Write(pairs[index].Value, level + 1);
                });
                break;
            default:
                throw new InvalidTemplateException(budget.Line, $"{TemplateValues.TypeName(value)} cannot be written as JSON");
        }

        budget.Leave();
    }

    /// <summary>What was written.</summary>
    public override string ToString()
    {
        budget.Allocate(_output.Length);
        return _output.ToString();
    }

    private void Enclose(char open, char close, int count, int level, Action<int> write)
    {
        _output.Append(open);
        for (int index = 0; index < count; index++)
        {
            Separate(index > 0 ? itemSeparator : "");
            BreakLine(level + 1);
            write(index);
        }

        if (count > 0)
        {
            BreakLine(level);
        }

        _output.Append(close);
    }

    private void Separate(string separator)
    {
        budget.Allocate(separator.Length);
        _output.Append(separator);
    }

    private void BreakLine(int level)
    {
        if (indent is not null)
        {
            budget.Allocate((long)indent.Length * level);
            _output.Append('\n').Insert(_output.Length, indent, level);
        }
    }

    private static string Key(object? key) => key switch
    {
        null => "null",
        bool flag => flag ? "true" : "false",
        long number => number.ToString(CultureInfo.InvariantCulture),
        double number => TemplateText.Number(number),
        _ => (string)key,
    };

    private void Quote(string text)
    {
        budget.Allocate(text.Length);
        _output.Append('"');
        foreach (char character in text)
        {
            switch (character)
            {
                case '"': _output.Append("\\\""); break;
                case '\\': _output.Append("\\\\"); break;
                case '\n': _output.Append("\\n"); break;
                case '\r': _output.Append("\\r"); break;
                case '\t': _output.Append("\\t"); break;
                case '\b': _output.Append("\\b"); break;
                case '\f': _output.Append("\\f"); break;
                default:
                    if (character < ' ' || ascii && character > '~')
                    {
                        budget.Allocate(EscapeLength);
                        _output.Append(CultureInfo.InvariantCulture, $"\\u{(int)character:x4}");
                    }
                    else
                    {
                        _output.Append(character);
                    }

                    break;
            }
        }

        _output.Append('"');
    }
}
