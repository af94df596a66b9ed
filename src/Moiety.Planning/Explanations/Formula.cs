namespace Moiety.Planning.Explanations;

/// <summary>One quantity of a plan with how it came about.</summary>
/// <param name="Name">What it is.</param>
/// <param name="Expression">The formula, in the symbols of docs/planning.md.</param>
/// <param name="Numbers">The formula with its numbers, or what it was computed from.</param>
/// <param name="Value">The result with its unit.</param>
public sealed record Formula(string Name, string Expression, string Numbers, string Value);
