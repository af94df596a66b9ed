using System.Collections.Immutable;

namespace Moiety.Evaluation.Routing;

/// <summary>The choices of one router in one batch of tokens.</summary>
/// <param name="Tokens">Tokens of the batch.</param>
/// <param name="Choices">[expert]: how often it was chosen.</param>
public sealed record BatchLoad(int Tokens, ImmutableArray<int> Choices);
