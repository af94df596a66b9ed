using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Subtracts a penalty from the logit of every token that was generated, once however often; the prompt does not count. The
/// OpenAI API's <c>presence_penalty</c>.
/// </summary>
public sealed class PresencePenalty : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="penalty">Above 0 encourages new tokens, below 0 old ones.</param>
    /// <exception cref="InvalidInputException">The penalty is not a finite number.</exception>
    public PresencePenalty(float penalty)
    {
        if (!float.IsFinite(penalty))
        {
            throw new InvalidInputException($"presence-penalty must be a finite number, not {penalty}.");
        }

        Penalty = penalty;
    }

    /// <summary>What is subtracted.</summary>
    public float Penalty { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        using TokenSet seen = new(logits.Length);
        foreach (int token in state.Generated)
        {
            if (seen.Add(token))
            {
                logits[token] -= Penalty;
            }
        }
    }
}
