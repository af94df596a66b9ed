using System.Collections.Immutable;

namespace Moiety.Models.Experts;

/// <summary>How one layer of experts becomes a dense one.</summary>
/// <param name="Shares">[expert]: its share in the one expert that is left; they sum to 1.</param>
/// <param name="ExpertScale">Factor of that expert's output: the weights that a token's experts had together, on average.</param>
/// <param name="BranchScale">Factor of the output of the fixed MLP or the shared experts beside it; 1 where they have no weight.</param>
public sealed record DenseLayer(ImmutableArray<double> Shares, double ExpertScale, double BranchScale);
