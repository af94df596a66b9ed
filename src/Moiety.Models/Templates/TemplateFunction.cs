namespace Moiety.Models.Templates;

/// <summary>Something that a template can call: a macro, a method, a function.</summary>
/// <param name="Name">What the template calls it.</param>
/// <param name="Call">Computes the value.</param>
internal sealed record TemplateFunction(string Name, Func<TemplateArguments, object?> Call);
