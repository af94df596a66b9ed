namespace Moiety.Models.Templates;

/// <summary>Variables of a template, a loop, a macro or a block; what is not set here is looked up outside.</summary>
internal sealed class TemplateScope(TemplateScope? outer)
{
    private readonly Dictionary<string, object?> _variables = new(StringComparer.Ordinal);

    /// <summary>Number of scopes around this one.</summary>
    public int Depth { get; } = outer is null ? 0 : outer.Depth + 1;

    /// <summary>Sets a variable of this scope.</summary>
    public void Set(string name, object? value) => _variables[name] = value;

    /// <summary>The value of a variable, <see cref="Undefined"/> where nobody set it.</summary>
    public object? Get(string name)
    {
        for (TemplateScope? scope = this; scope is not null; scope = scope.Outer)
        {
            if (scope._variables.TryGetValue(name, out object? value))
            {
                return value;
            }
        }

        return new Undefined(name);
    }

    private TemplateScope? Outer => outer;
}
