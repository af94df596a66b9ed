using System.Collections.Immutable;

namespace Moiety.Models.Templates;

/// <summary>A Python tuple: a list that prints with round brackets.</summary>
internal sealed record TemplateTuple(ImmutableArray<object?> Items);
