using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Epsilon sampling (Hewitt et al., arXiv 2210.15191): forbids tokens less likely than a probability; the likeliest token stays.
/// Hugging Face: <c>EpsilonLogitsWarper</c>.
/// </summary>
public sealed class EpsilonCutoff : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="epsilon">The probability, from 0 (keeps all) to 1 (keeps only the likeliest); the paper's are 0.0003 to 0.002.</param>
    /// <exception cref="InvalidInputException">The probability is out of range.</exception>
    public EpsilonCutoff(double epsilon)
    {
        if (!(epsilon >= 0 && epsilon <= 1))
        {
            throw new InvalidInputException($"epsilon-cutoff must be from 0 to 1, not {epsilon}.");
        }

        Epsilon = epsilon;
    }

    /// <summary>Tokens less likely than this are forbidden.</summary>
    public double Epsilon { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        using Softmax softmax = new(logits);
        softmax.Cut(logits, Epsilon);
    }
}
