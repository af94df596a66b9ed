namespace Moiety.Models.Templates;

/// <summary>What <c>namespace()</c> makes: the only object of a template whose attributes can be set.</summary>
internal sealed class TemplateNamespace
{
    /// <summary>The attributes.</summary>
    public Dictionary<string, object?> Attributes { get; } = new(StringComparer.Ordinal);
}
