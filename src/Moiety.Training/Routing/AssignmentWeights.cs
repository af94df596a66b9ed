using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Routing;

/// <summary>The differentiable weights of kept assignments.</summary>
internal static class AssignmentWeights
{
    /// <summary>The scores of the kept assignments, in the order of the table.</summary>
    /// <param name="scores">[tokens, experts] in F32, with gradients.</param>
    /// <param name="table">The kept assignments.</param>
    /// <param name="normalize">Whether a token's weights are divided by their sum.</param>
    /// <param name="scale">Factor of all weights.</param>
    internal static Tensor Of(Tensor scores, RoutingTable table, bool normalize, double scale)
    {
        Tensor weights = scores.flatten().index_select(0, tensor(table.ProbabilityIndices, device: scores.device));
        if (normalize)
        {
            // Over the kept choices only: a token that lost one puts its full weight on the other.
            Tensor tokens = tensor(table.Tokens, device: scores.device);
            Tensor sums = zeros(scores.shape[0], dtype: ScalarType.Float32, device: scores.device).PlusAt(tokens, weights);
            weights = weights / sums.index_select(0, tokens).AtLeast(1e-9);
        }

        return scale == 1 ? weights : weights.Times(scale);
    }
}
