using System.Buffers;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Locally typical sampling (Meister et al., arXiv 2202.00666): keeps the tokens whose surprise -ln p is nearest to the expected
/// surprise, the entropy, until they reach a probability, and forbids the others; the likeliest token may be among those. Among
/// equals the lower id ranks first. Hugging Face: <c>TypicalLogitsWarper</c>.
/// </summary>
public sealed class Typical : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="mass">The probability to reach, above 0 and at most 1 (keeps all).</param>
    /// <exception cref="InvalidInputException">The probability is out of range.</exception>
    public Typical(float mass)
    {
        if (!(mass > 0 && mass <= 1))
        {
            throw new InvalidInputException($"typical-p must be above 0 and at most 1, not {mass}.");
        }

        Mass = mass;
    }

    /// <summary>The probability to reach.</summary>
    public float Mass { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        if (Mass >= 1)
        {
            return;
        }

        float[] rented = ArrayPool<float>.Shared.Rent(logits.Length);
        Span<float> scores = rented.AsSpan(0, logits.Length);
        using (Softmax softmax = new(logits))
        {
            for (int id = 0; id < logits.Length; id++)
            {
                double surprise = softmax.LogNormalizer - logits[id];
                scores[id] = (float)-Math.Abs(surprise - softmax.Entropy);
            }
        }

        Nucleus.Cut(logits, scores, Mass);
        ArrayPool<float>.Shared.Return(rented);
    }
}
