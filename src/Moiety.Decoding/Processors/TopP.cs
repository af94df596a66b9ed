using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Nucleus sampling (Holtzman et al., arXiv 1904.09751): keeps the smallest set of likeliest tokens whose probabilities reach p
/// and forbids the others. Among equal logits the lower id ranks first. Hugging Face: <c>TopPLogitsWarper</c>.
/// </summary>
public sealed class TopP : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="mass">The probability p to reach, above 0 and at most 1.</param>
    /// <exception cref="InvalidInputException">The probability is out of range.</exception>
    public TopP(float mass)
    {
        if (!(mass > 0 && mass <= 1))
        {
            throw new InvalidInputException($"top-p must be above 0 and at most 1, not {mass}.");
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

        Nucleus.Cut(logits, logits, Mass);
    }
}
