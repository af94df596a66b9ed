using Moiety.Models;
using Moiety.Planning.Clusters;
using Moiety.Planning.Costs;

namespace Moiety.Planning.Serving;

/// <summary>What a served model is asked to do.</summary>
public sealed record ServingWorkload
{
    /// <summary>Sequences that decode at the same time for each device, b. The cluster decodes W b together.</summary>
    public double SequencesPerDevice { get; init; } = 8;

    /// <summary>Tokens of a sequence so far, which attention reads and the cache holds, c.</summary>
    public int Context { get; init; } = 1024;

    /// <summary>How weights are stored.</summary>
    public WeightStorage Storage { get; init; } = WeightStorage.Half;

    /// <summary>Bytes of an element of the key-value cache.</summary>
    public double KeyValueBytes { get; init; } = 2;

    /// <summary>Bytes of an element of a token's row as devices exchange it.</summary>
    public double RowBytes { get; init; } = 2;

    /// <summary>In which numbers products run.</summary>
    public ComputePrecision Precision { get; init; } = ComputePrecision.Bf16;

    /// <summary>Checks the figures.</summary>
    /// <exception cref="InvalidInputException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        if (!(SequencesPerDevice > 0) || SequencesPerDevice > 1e9)
        {
            throw new InvalidInputException($"sequences per device: {SequencesPerDevice} is not a number above 0.");
        }

        if (Context < 1)
        {
            throw new InvalidInputException($"context: {Context} is not at least 1 token.");
        }

        if (!(Storage.Expert > 0) || !(Storage.Other > 0) || !(KeyValueBytes > 0) || !(RowBytes > 0))
        {
            throw new InvalidInputException("bytes of weights, of keys and values and of rows must be above 0.");
        }
    }
}
