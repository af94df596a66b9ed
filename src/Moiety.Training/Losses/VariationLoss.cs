using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Losses;

/// <summary>
/// The squared coefficient of variation (Shazeer et al., arXiv 1701.06538, eq. 7 and 11): variance / mean^2 over the experts of how much each
/// is used, summed over tokens. Of summed weights it is the importance loss, of expected assignments the load loss. 0 at perfect balance,
/// E - 1 when one expert has everything.
/// </summary>
public static class VariationLoss
{
    private const double Floor = 1e-10;

    /// <summary>The loss of one layer, a scalar.</summary>
    /// <param name="use">[experts]: use of each expert over a batch, not negative.</param>
    public static Tensor Compute(Tensor use)
    {
        ArgumentNullException.ThrowIfNull(use);
        Tensor mean = use.mean();
        return use.Plus(mean.neg()).square().mean() / mean.square().AtLeast(Floor);
    }
}
