using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Makes every token that occurs in the prompt or the text so far less likely (Keskar et al., CTRL, arXiv 1909.05858): a
/// positive logit is divided by the penalty, a negative one multiplied, once however often the token occurs. Hugging Face:
/// <c>RepetitionPenaltyLogitsProcessor</c>.
/// </summary>
public sealed class RepetitionPenalty : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="penalty">Above 1 discourages repetition, below 1 encourages it; above 0.</param>
    /// <exception cref="InvalidInputException">The penalty is not a positive number.</exception>
    public RepetitionPenalty(float penalty)
    {
        if (!(penalty > 0) || !float.IsFinite(penalty))
        {
            throw new InvalidInputException($"repetition-penalty must be a number above 0, not {penalty}.");
        }

        Penalty = penalty;
    }

    /// <summary>The divisor of positive and factor of negative logits.</summary>
    public float Penalty { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        using TokenSet seen = new(logits.Length);
        foreach (int token in state.Tokens)
        {
            if (seen.Add(token))
            {
                logits[token] = logits[token] < 0 ? logits[token] * Penalty : logits[token] / Penalty;
            }
        }
    }
}
