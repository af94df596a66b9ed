using System.Numerics.Tensors;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Forbids tokens less likely than a fraction of the likeliest one (Nguyen et al., arXiv 2407.01082): the cut adapts to how
/// sure the model is. Hugging Face: <c>MinPLogitsWarper</c>.
/// </summary>
public sealed class MinP : LogitsProcessor
{
    private readonly float _margin;

    /// <summary>Creates the processor.</summary>
    /// <param name="fraction">The fraction, from 0 (keeps all) to 1 (keeps only the likeliest).</param>
    /// <exception cref="InvalidInputException">The fraction is out of range.</exception>
    public MinP(float fraction)
    {
        if (!(fraction >= 0 && fraction <= 1))
        {
            throw new InvalidInputException($"min-p must be from 0 to 1, not {fraction}.");
        }

        Fraction = fraction;

        // p >= fraction * p_max is the same as logit >= logit_max + ln(fraction).
        _margin = fraction > 0 ? (float)PortableMath.Log(fraction) : float.NegativeInfinity;
    }

    /// <summary>The fraction of the likeliest token's probability.</summary>
    public float Fraction { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        float threshold = TensorPrimitives.Max(logits) + _margin;
        foreach (ref float logit in logits)
        {
            if (logit < threshold)
            {
                logit = float.NegativeInfinity;
            }
        }
    }
}
