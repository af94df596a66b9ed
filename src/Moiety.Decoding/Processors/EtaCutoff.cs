using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Eta sampling (Hewitt et al., arXiv 2210.15191): forbids tokens less likely than η = min(ε, √ε e^-H), where H is the entropy of
/// the distribution: a model that is unsure keeps less likely tokens. The likeliest token stays. Hugging Face:
/// <c>EtaLogitsWarper</c>.
/// </summary>
public sealed class EtaCutoff : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="epsilon">ε, from 0 (keeps all) to 1; the paper's are 0.0003 to 0.004.</param>
    /// <exception cref="InvalidInputException">ε is out of range.</exception>
    public EtaCutoff(double epsilon)
    {
        if (!(epsilon >= 0 && epsilon <= 1))
        {
            throw new InvalidInputException($"eta-cutoff must be from 0 to 1, not {epsilon}.");
        }

        Epsilon = epsilon;
    }

    /// <summary>The paper's ε.</summary>
    public double Epsilon { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        using Softmax softmax = new(logits);
        softmax.Cut(logits, Math.Min(Epsilon, Math.Sqrt(Epsilon) * PortableMath.ExpOfAny(-softmax.Entropy)));
    }
}
