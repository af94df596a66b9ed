using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// Router z-loss of ST-MoE (arXiv 2202.08906, eq. 5): the mean over tokens of logsumexp(logits)^2. It keeps router logits
/// small, where F32 softmax is exact enough for stable routing.
/// </summary>
public static class RouterZLoss
{
    /// <summary>The loss of one layer, a scalar.</summary>
    /// <param name="logits">[tokens, experts].</param>
    public static Tensor Compute(Tensor logits)
    {
        ArgumentNullException.ThrowIfNull(logits);
        return logits.logsumexp(1).square().mean();
    }
}
