using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// A smooth count of the assignments to each expert under noisy top-k gating (Shazeer et al., arXiv 1701.06538, appendix A): how likely an
/// expert would be among the k largest if its own noise were drawn again, Phi((x W_g - kth_excluding(H)) / deviation), summed over tokens.
/// </summary>
internal static class ExpectedLoad
{
    /// <summary>The expected load.</summary>
    /// <param name="clean">[tokens, experts]: logits without noise.</param>
    /// <param name="noisy">[tokens, experts]: logits with noise, H.</param>
    /// <param name="deviations">[tokens, experts]: deviation of the noise, positive.</param>
    /// <param name="topK">Experts per token, fewer than there are.</param>
    /// <returns>[experts].</returns>
    internal static Tensor Compute(Tensor clean, Tensor noisy, Tensor deviations, int topK)
    {
        (Tensor largest, _) = noisy.topk(topK + 1, 1);
        Tensor last = largest.narrow(1, topK - 1, 1);
        Tensor next = largest.narrow(1, topK, 1);

        // Who is among the k largest has to beat the next one, who is not the last of them.
        Tensor threshold = where(noisy.gt(next), next, last);
        Tensor distance = clean.Plus(threshold.neg()) / deviations;
        return distance.Times(Math.Sqrt(0.5)).erf().Times(0.5).sum(dim: 0L).Plus(full([clean.shape[1]], (float)(0.5 * clean.shape[0]), device: clean.device));
    }
}
