using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Planning.Costs;

/// <summary>Bytes that a parameter takes in memory: 2 in 16-bit numbers, about 0.56 in blocks of four bits.</summary>
/// <param name="Expert">Of the routed experts.</param>
/// <param name="Other">Of all else.</param>
public readonly record struct WeightStorage(double Expert, double Other)
{
    /// <summary>16-bit numbers.</summary>
    public static WeightStorage Half => new(2, 2);

    /// <summary>The means of a checkpoint as it is stored.</summary>
    public static WeightStorage Of(Checkpoint checkpoint)
    {
        ArgumentNullException.ThrowIfNull(checkpoint);
        double expertBytes = 0, expertParameters = 0, otherBytes = 0, otherParameters = 0;
        foreach (TensorSpec tensor in TensorCatalog.For(checkpoint.Config))
        {
            long bytes = checkpoint.Describe(tensor.Name).ByteLength;
            if (tensor.Expert >= 0)
            {
                expertBytes += bytes;
                expertParameters += tensor.ElementCount;
            }
            else
            {
                otherBytes += bytes;
                otherParameters += tensor.ElementCount;
            }
        }

        double other = otherBytes / otherParameters;
        return new WeightStorage(expertParameters == 0 ? other : expertBytes / expertParameters, other);
    }
}
