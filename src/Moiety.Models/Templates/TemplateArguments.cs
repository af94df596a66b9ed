namespace Moiety.Models.Templates;

/// <summary>The arguments of a call, taken by position or by name.</summary>
internal sealed class TemplateArguments(string function, object?[] positional, Dictionary<string, object?> named, TemplateBudget budget)
{
    /// <summary>Arguments by position.</summary>
    public object?[] Positional => positional;

    /// <summary>Arguments by name.</summary>
    public IReadOnlyDictionary<string, object?> Named => named;

    /// <summary>What the rendering may take.</summary>
    public TemplateBudget Budget => budget;

    /// <summary>Number of arguments.</summary>
    public int Count => positional.Length + named.Count;

    /// <summary>Whether an argument was given.</summary>
    public bool Has(int index, string name) => index < positional.Length || named.ContainsKey(name);

    /// <summary>An argument, or null when it was not given.</summary>
    public object? Get(int index, string name) => index < positional.Length ? positional[index] : named.GetValueOrDefault(name);

    /// <summary>An argument that must be given.</summary>
    public object? Require(int index, string name) => Has(index, name) ? Get(index, name) : throw Error($"{function} needs the argument \"{name}\"");

    /// <summary>A text, or the default.</summary>
    public string Text(int index, string name, string otherwise) => !Has(index, name) ? otherwise
        : Get(index, name) as string ?? throw Error($"{function} needs a text as \"{name}\"");

    /// <summary>A whole number, or the default.</summary>
    public long Integer(int index, string name, long otherwise) => Get(index, name) switch
    {
        null when !Has(index, name) => otherwise,
        long value => value,
        bool flag => flag ? 1 : 0,
        _ => throw Error($"{function} needs a whole number as \"{name}\""),
    };

    /// <summary>A truth value, or the default.</summary>
    public bool Flag(int index, string name, bool otherwise) => Has(index, name) ? TemplateValues.IsTrue(Get(index, name)) : otherwise;

    /// <summary>Requires that there are no arguments beyond a number.</summary>
    public void AtMost(int count)
    {
        if (Count > count)
        {
            throw Error($"{function} takes at most {count} arguments, not {Count}");
        }
    }

    /// <summary>An error at the statement that runs.</summary>
    public InvalidTemplateException Error(string reason) => new(budget.Line, reason);
}
