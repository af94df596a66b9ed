using Moiety.Models;
using Moiety.Planning.Clusters;

namespace Moiety.Planning.Training;

/// <summary>What a training consists of.</summary>
public sealed record TrainingWorkload
{
    /// <summary>Sequences of a step over all devices.</summary>
    public int BatchSequences { get; init; } = 512;

    /// <summary>Tokens of a sequence, T.</summary>
    public int SequenceLength { get; init; } = 2048;

    /// <summary>Sequences that a replica computes at a time; a step does it as often as it needs.</summary>
    public int MicroBatch { get; init; } = 1;

    /// <summary>Tokens of the whole training.</summary>
    public double Tokens { get; init; } = 300e9;

    /// <summary>In which numbers products run; also of weights and gradients.</summary>
    public ComputePrecision Precision { get; init; } = ComputePrecision.Bf16;

    /// <summary>Factor of the rows that each expert has room for.</summary>
    public double CapacityFactor { get; init; } = 1;

    /// <summary>Whether activations are computed again in the backward pass instead of kept: a third more computing.</summary>
    public bool Recompute { get; init; }

    /// <summary>
    /// What copies of a parameter share (ZeRO, arXiv 1910.02054): 0 nothing, 1 the optimizer's states, 2 gradients too.
    /// </summary>
    public int ZeroStage { get; init; } = 1;

    /// <summary>Bytes of a weight, of its gradient and of a row's element.</summary>
    public double ElementBytes => Precision == ComputePrecision.Fp32 ? 4 : 2;

    /// <summary>Bytes of Adam's two moments, and of the 32-bit copy of a 16-bit weight.</summary>
    public double StateBytes => Precision == ComputePrecision.Fp32 ? 8 : 12;

    /// <summary>Checks the figures.</summary>
    /// <exception cref="InvalidInputException">One is out of range; the message names it.</exception>
    public void Validate()
    {
        foreach ((string field, int value) in (ReadOnlySpan<(string, int)>)[("batch", BatchSequences), ("sequence", SequenceLength), ("micro-batch", MicroBatch)])
        {
            if (value < 1)
            {
                throw new InvalidInputException($"training: {field}: {value} is not a whole number from 1 on.");
            }
        }

        if (!(Tokens > 0) || !double.IsFinite(Tokens))
        {
            throw new InvalidInputException($"training: tokens: {Tokens} is not a positive number.");
        }

        if (!(CapacityFactor > 0) || !double.IsFinite(CapacityFactor))
        {
            throw new InvalidInputException($"training: capacity: {CapacityFactor} is not a positive number.");
        }

        if (ZeroStage is < 0 or > 2)
        {
            throw new InvalidInputException($"training: zero: {ZeroStage} is not 0, 1 or 2.");
        }

        if (Precision == ComputePrecision.Fp8)
        {
            throw new InvalidInputException("training: precision: fp8 is not modeled; bf16 or fp32.");
        }
    }
}
