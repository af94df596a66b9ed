using System.Collections.Immutable;
using Moiety.Evaluation.Perplexity;

namespace Moiety.Evaluation.Routing;

/// <summary>What a model with other experts weighs and how good and fast it is.</summary>
/// <param name="Name">How to call it.</param>
/// <param name="Experts">Experts of each layer that has some, from the first such layer to the last; empty for a dense model.</param>
/// <param name="Parameters">All parameters.</param>
/// <param name="ActiveParameters">Those that one token's forward pass multiplies with.</param>
/// <param name="Bytes">Bytes of all weights.</param>
/// <param name="Result">How well it predicts the text.</param>
/// <param name="TokensPerSecond">Tokens that it decodes in a second, one after the other.</param>
public sealed record ExpertTrial(
    string Name, ImmutableArray<int> Experts, long Parameters, long ActiveParameters, long Bytes, PerplexityResult Result, double TokensPerSecond);
