namespace Moiety.Models.Templates;

/// <summary>
/// What a template may take. Templates come with downloaded models, so they are hostile input: whatever they say, rendering ends soon
/// and in little memory.
/// </summary>
public sealed record TemplateLimits
{
    /// <summary>Limits that every published chat template stays far below.</summary>
    public static TemplateLimits Default { get; } = new();

    /// <summary>Longest template, in characters.</summary>
    public int SourceLength { get; init; } = 1 << 20;

    /// <summary>Expressions and statements evaluated.</summary>
    public int Steps { get; init; } = 2_000_000;

    /// <summary>Characters and list items made, in all intermediate values together.</summary>
    public long Allocations { get; init; } = 64L << 20;

    /// <summary>Nesting of macros, loops, expressions and values.</summary>
    public int Depth { get; init; } = 100;
}
