namespace Moiety.Models.Templates;

/// <summary>One token.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Text">Its text; of a string, the content.</param>
/// <param name="Line">Where it begins.</param>
internal readonly record struct TemplateToken(TemplateTokenKind Kind, string Text, int Line)
{
    /// <summary>Whether it is this symbol or name.</summary>
    public bool Is(string text) => Kind is TemplateTokenKind.Symbol or TemplateTokenKind.Name && Text == text;

    /// <summary>The token as messages show it.</summary>
    public string Show => Kind == TemplateTokenKind.End ? "the end of the template" : $"\"{Text}\"";
}
