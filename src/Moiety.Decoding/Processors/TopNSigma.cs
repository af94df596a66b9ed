using System.Numerics.Tensors;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Forbids tokens whose logit lies more than n standard deviations of all logits below the largest (Tang et al., arXiv
/// 2411.07641). What stays does not depend on the temperature. Forbidden tokens do not count for the deviation, which is that of
/// a population (divided by the number of tokens), as in llama.cpp.
/// </summary>
public sealed class TopNSigma : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="deviations">n, above 0; the paper's is 1.</param>
    /// <exception cref="InvalidInputException">n is not a number above 0.</exception>
    public TopNSigma(float deviations)
    {
        if (!(deviations > 0) || !float.IsFinite(deviations))
        {
            throw new InvalidInputException($"top-n-sigma must be a number above 0, not {deviations}.");
        }

        Deviations = deviations;
    }

    /// <summary>How many standard deviations below the largest logit a token may lie.</summary>
    public float Deviations { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        // Distances from the maximum, so that large logits cost no digits.
        float maximum = TensorPrimitives.Max<float>(logits);
        int count = 0;
        double sum = 0;
        double squares = 0;
        foreach (float logit in logits)
        {
            if (logit > float.NegativeInfinity)
            {
                double distance = (double)logit - maximum;
                count++;
                sum += distance;
                squares += distance * distance;
            }
        }

        double mean = sum / count;
        double deviation = Math.Sqrt(Math.Max(0, (squares / count) - (mean * mean)));
        double threshold = maximum - (Deviations * deviation);
        foreach (ref float logit in logits)
        {
            if (logit < threshold)
            {
                logit = float.NegativeInfinity;
            }
        }
    }
}
