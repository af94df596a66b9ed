using System.Collections.Immutable;

namespace Moiety.Experiments.Running;

/// <summary>How evenly the router of a layer spread tokens in the last quarter of a training.</summary>
/// <param name="Layer">The layer.</param>
/// <param name="Shares">Per expert, its share of the choices; the sum is 1.</param>
public sealed record ExpertLoad(int Layer, ImmutableArray<double> Shares)
{
    /// <summary>Standard deviation of the shares over their mean; 0 is even.</summary>
    public double Variation
    {
        get
        {
            double mean = Shares.Average();
            return Math.Sqrt(Shares.Average(share => (share - mean) * (share - mean))) / mean;
        }
    }
}
