using System.Globalization;
using System.Text;

namespace Moiety.Models.Templates;

/// <summary>The functions that every chat template can call.</summary>
internal static class TemplateFunctions
{
    // "Wednesday", "September".
    private const int LongestPart = 9;

    /// <summary>Adds them to the outermost scope.</summary>
    public static void AddTo(TemplateScope scope, TimeProvider clock)
    {
        foreach (TemplateFunction function in (ReadOnlySpan<TemplateFunction>)
        [
            new("raise_exception", arguments => throw new InvalidTemplateException(arguments.Budget.Line, $"it refuses the conversation: {TemplateText.Print(arguments.Get(0, "message"), arguments.Budget)}")),
            new("range", Range),
            new("namespace", Namespace),
            new("dict", Dictionary),
            new("strftime_now", arguments => FormatTime(clock.GetLocalNow(), arguments.Text(0, "format", "%Y-%m-%d"), arguments)),
        ])
        {
            scope.Set(function.Name, function);
        }
    }

    private static List<object?> Range(TemplateArguments arguments)
    {
        arguments.Require(0, "start");
        arguments.AtMost(3);
        long first = arguments.Integer(0, "start", 0);
        (long start, long stop) = arguments.Count == 1 ? (0, first) : (first, arguments.Integer(1, "stop", 0));
        long step = arguments.Integer(2, "step", 1);
        if (step == 0)
        {
            throw arguments.Error("the step of range must not be 0");
        }

        Int128 count = step > 0 ? ((Int128)stop - start + step - 1) / step : ((Int128)start - stop - step - 1) / -step;
        arguments.Budget.AllocateItems((long)Int128.Clamp(count, 0, long.MaxValue));
        List<object?> numbers = [];
        for (Int128 index = 0; index < count; index++)
        {
            numbers.Add((long)(start + (index * step)));
        }

        return numbers;
    }

    private static TemplateNamespace Namespace(TemplateArguments arguments)
    {
        TemplateNamespace space = new();
        if (arguments.Positional is [TemplateDictionary initial])
        {
            arguments.Budget.AllocateItems(initial.Count);
            foreach ((object? key, object? value) in initial.Pairs)
            {
                space.Attributes[TemplateText.Print(key, arguments.Budget)] = value;
            }
        }

        foreach ((string name, object? value) in arguments.Named)
        {
            space.Attributes[name] = value;
        }

        return space;
    }

    private static TemplateDictionary Dictionary(TemplateArguments arguments)
    {
        TemplateDictionary dictionary = new();
        if (arguments.Positional is [TemplateDictionary initial])
        {
            foreach ((object? key, object? value) in initial.Pairs)
            {
                dictionary.Set(key, value);
            }
        }

        foreach ((string name, object? value) in arguments.Named)
        {
            dictionary.Set(name, value);
        }

        arguments.Budget.AllocateItems(dictionary.Count);
        return dictionary;
    }

    private static string FormatTime(DateTimeOffset time, string format, TemplateArguments arguments)
    {
        StringBuilder output = new();
        arguments.Budget.Allocate((long)format.Length * LongestPart);
        for (int at = 0; at < format.Length; at++)
        {
            if (format[at] != '%' || at + 1 == format.Length)
            {
                output.Append(format[at]);
                continue;
            }

            bool plain = format[at + 1] == '-' && at + 2 < format.Length;
            at += plain ? 2 : 1;
            string part = format[at] switch
            {
                'Y' => time.ToString("yyyy", CultureInfo.InvariantCulture),
                'y' => time.ToString("yy", CultureInfo.InvariantCulture),
                'm' => time.ToString("MM", CultureInfo.InvariantCulture),
                'd' => time.ToString("dd", CultureInfo.InvariantCulture),
                'H' => time.ToString("HH", CultureInfo.InvariantCulture),
                'I' => time.ToString("hh", CultureInfo.InvariantCulture),
                'M' => time.ToString("mm", CultureInfo.InvariantCulture),
                'S' => time.ToString("ss", CultureInfo.InvariantCulture),
                'B' => time.ToString("MMMM", CultureInfo.InvariantCulture),
                'b' => time.ToString("MMM", CultureInfo.InvariantCulture),
                'A' => time.ToString("dddd", CultureInfo.InvariantCulture),
                'a' => time.ToString("ddd", CultureInfo.InvariantCulture),
                'p' => time.ToString("tt", CultureInfo.InvariantCulture),
                'j' => time.DayOfYear.ToString("000", CultureInfo.InvariantCulture),
                '%' => "%",
                char unknown => throw arguments.Error($"strftime_now does not know %{unknown}"),
            };
            output.Append(plain && part.Length > 1 ? part[..^1].TrimStart('0') + part[^1] : part);
        }

        return output.ToString();
    }
}
