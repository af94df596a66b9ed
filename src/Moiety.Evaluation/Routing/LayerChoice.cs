using System.Collections.Immutable;

namespace Moiety.Evaluation.Routing;

/// <summary>What the router of one layer did with one token.</summary>
/// <param name="Layer">Index of the layer.</param>
/// <param name="Experts">The chosen experts, best first.</param>
/// <param name="Scores">Of each chosen expert: its probability among all, or its sigmoid in a model whose gate has sigmoids.</param>
/// <param name="Weights">The weight of each chosen expert's output.</param>
/// <param name="Entropy">Of the distribution over all experts, in nats.</param>
public sealed record LayerChoice(int Layer, ImmutableArray<int> Experts, ImmutableArray<float> Scores, ImmutableArray<float> Weights, double Entropy);
