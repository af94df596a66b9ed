using System.Collections.Immutable;

namespace Moiety.Evaluation.Routing;

/// <summary>The way of one token through the experts of a model.</summary>
/// <param name="Token">Its id.</param>
/// <param name="Text">What it stands for; a part of a character shows as U+FFFD.</param>
/// <param name="Kind">What it is as a piece of writing.</param>
/// <param name="Layers">The layers with experts, from the first to the last.</param>
public sealed record TokenTrace(int Token, string Text, TokenKind Kind, ImmutableArray<LayerChoice> Layers);
