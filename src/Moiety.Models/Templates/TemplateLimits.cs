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

    /// <summary>Expressions and statements evaluated, values visited, and every 64 characters looked at.</summary>
    public int Steps { get; init; } = 2_000_000;

    /// <summary>Characters made, in all intermediate values together; an item of a list counts as 16.</summary>
    public long Allocations { get; init; } = 64L << 20;

    /// <summary>Nesting of macros, loops, expressions and values.</summary>
    public int Depth { get; init; } = 100;
}
