namespace Moiety.Models.Templates;

/// <summary>
/// What follows a dot or stands in square brackets. Only the values of templates have members, and none of them leads to .NET.
/// </summary>
internal static class TemplateMembers
{
    /// <summary><c>target.name</c>.</summary>
    /// <exception cref="InvalidTemplateException">The target is undefined.</exception>
    public static object? Attribute(object? target, string name, TemplateBudget budget) => target switch
    {
        Undefined undefined => throw new InvalidTemplateException(budget.Line, $"\"{undefined.Name}\" is undefined, so it has no \"{name}\""),
        TemplateDictionary dictionary => DictionaryMethods.Find(dictionary, name) ?? (dictionary.TryGet(name, out object? value) ? value : new Undefined(name)),
        TemplateNamespace space => space.Attributes.TryGetValue(name, out object? value) ? value : new Undefined(name),
        TemplateLoop loop => loop.Get(name, budget),
        string text => TextMethods.Find(text, name) ?? (object)new Undefined(name),
        _ => new Undefined(name),
    };

    /// <summary><c>target[index]</c>.</summary>
    /// <exception cref="InvalidTemplateException">The target is undefined.</exception>
    public static object? Item(object? target, object? index, TemplateBudget budget)
    {
        switch (target, index)
        {
            case (Undefined undefined, _):
                throw new InvalidTemplateException(budget.Line, $"\"{undefined.Name}\" is undefined, so it has no items");
            case (TemplateDictionary dictionary, _) when TryGet(dictionary, index, out object? value, budget):
                return value;
            case (List<object?> or TemplateTuple, long or bool):
                return At(TemplateValues.Items(target, budget), TemplateValues.ToInteger(index));
            case (string text, long or bool):
                long at = TemplateValues.ToInteger(index);
                long place = at < 0 ? at + TemplateValues.Length(text, budget) : at;
                int start = place < 0 ? text.Length : TextSearch.Offset(text, place, budget);
                return start < text.Length ? TextSearch.Character(text, start) : new Undefined($"item {at}");
            case (_, string name):
                return Attribute(target, name, budget);
            default:
                return new Undefined(TemplateText.Print(index, budget));
        }
    }

    /// <summary><c>target[start:stop:step]</c>, by Python's rules.</summary>
    /// <exception cref="InvalidTemplateException">The step is 0, or the target has no order.</exception>
    public static object? Slice(object? target, long? start, long? stop, long? step, TemplateBudget budget)
    {
        long stride = step ?? 1;
        if (stride == 0)
        {
            throw new InvalidTemplateException(budget.Line, "the step of a slice must not be 0");
        }

        if (target is string whole && stride == 1)
        {
            long length = TemplateValues.Length(whole, budget);
            int first = TextSearch.Offset(whole, Bound(start ?? 0, length, 1), budget);
            int end = Math.Max(TextSearch.Offset(whole, Bound(stop ?? length, length, 1), budget), first);
            budget.Allocate(end - first);
            return whole[first..end];
        }

        IReadOnlyList<object?> items = target is string or List<object?> or TemplateTuple
            ? TemplateValues.Items(target, budget)
            : throw new InvalidTemplateException(budget.Line, $"{TemplateValues.TypeName(target)} cannot be sliced");
        long count = items.Count;
        long from = Bound(start ?? (stride > 0 ? 0 : count), count, stride);
        long to = stop is null && stride < 0 ? -1 : Bound(stop ?? count, count, stride);
        List<object?> chosen = [];
        for (Int128 index = from; stride > 0 ? index < to : index > to; index += stride)
        {
            budget.Step();
            chosen.Add(items[(int)index]);
        }

        budget.AllocateItems(chosen.Count);
        return target switch
        {
            string => string.Concat(chosen),
            TemplateTuple => new TemplateTuple([.. chosen]),
            _ => chosen,
        };
    }

    private static bool TryGet(TemplateDictionary dictionary, object? index, out object? value, TemplateBudget budget)
    {
        budget.Scan((index as string)?.Length ?? 0);
        return dictionary.TryGet(index, out value);
    }

    private static long Bound(long index, long count, long stride)
    {
        index = index < 0 ? index + count : index;
        return stride > 0 ? Math.Clamp(index, 0, count) : Math.Clamp(index, -1, count - 1);
    }

    private static object? At(IReadOnlyList<object?> items, long index)
    {
        long place = index < 0 ? index + items.Count : index;
        return place >= 0 && place < items.Count ? items[(int)place] : new Undefined($"item {index}");
    }
}
