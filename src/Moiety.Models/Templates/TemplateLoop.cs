namespace Moiety.Models.Templates;

/// <summary>The variable <c>loop</c> of a loop's body.</summary>
internal sealed class TemplateLoop(IReadOnlyList<object?> items, int depth)
{
    private object? _last;
    private bool _hasChanged;

    /// <summary>Index of the item, from 0.</summary>
    public int Index { get; set; }

    /// <summary>An attribute.</summary>
    public object? Get(string name, TemplateBudget budget) => name switch
    {
        "index" => Index + 1L,
        "index0" => (long)Index,
        "revindex" => (long)items.Count - Index,
        "revindex0" => (long)items.Count - Index - 1,
        "first" => Index == 0,
        "last" => Index == items.Count - 1,
        "length" => (long)items.Count,
        "depth" => depth + 1L,
        "depth0" => (long)depth,
        "previtem" => Index > 0 ? items[Index - 1] : new Undefined(name),
        "nextitem" => Index + 1 < items.Count ? items[Index + 1] : new Undefined(name),
        "cycle" => new TemplateFunction(name, arguments => arguments.Positional.Length > 0
            ? arguments.Positional[Index % arguments.Positional.Length]
            : throw arguments.Error("loop.cycle needs arguments")),
        "changed" => new TemplateFunction(name, arguments => HasChanged(arguments, budget)),
        _ => new Undefined($"loop.{name}"),
    };

    private bool HasChanged(TemplateArguments arguments, TemplateBudget budget)
    {
        List<object?> now = [.. arguments.Positional];
        bool changed = !_hasChanged || !TemplateValues.AreEqual(_last, now, budget);
        (_last, _hasChanged) = (now, true);
        return changed;
    }
}
