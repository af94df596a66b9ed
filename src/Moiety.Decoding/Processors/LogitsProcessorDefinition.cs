namespace Moiety.Decoding.Processors;

/// <summary>A processor as users meet it: one number with a name.</summary>
/// <param name="Name">Name of the option, in kebab case, e.g. <c>top-k</c>.</param>
/// <param name="Summary">What the number does, one line.</param>
/// <param name="IsWhole">Whether the number is a whole one.</param>
/// <param name="ShapesSampling">Whether it only shapes random choice, so that it makes no sense with greedy decoding.</param>
/// <param name="Create">Makes the processor; throws <see cref="Models.InvalidInputException"/> for a number out of range.</param>
public sealed record LogitsProcessorDefinition(
    string Name, string Summary, bool IsWhole, bool ShapesSampling, Func<double, LogitsProcessor> Create);
