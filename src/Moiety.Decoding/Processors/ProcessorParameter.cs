namespace Moiety.Decoding.Processors;

/// <summary>A parameter of a processor as users meet it.</summary>
/// <param name="Name">Name of the option, in kebab case, e.g. <c>top-k</c>.</param>
/// <param name="Summary">What it does, one line.</param>
/// <param name="Kind">What it takes.</param>
/// <param name="Default">The number where none is given; the first parameter of a processor has none, since it switches it on.</param>
public sealed record ProcessorParameter(string Name, string Summary, ParameterKind Kind = ParameterKind.Number, double? Default = null);
