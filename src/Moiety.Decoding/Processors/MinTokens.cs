using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Forbids the tokens that end a text until enough tokens were generated. Hugging Face:
/// <c>MinNewTokensLengthLogitsProcessor</c>. Stop strings end a text all the same.
/// </summary>
public sealed class MinTokens : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="count">How many tokens to generate at least, from 0 on.</param>
    /// <exception cref="InvalidInputException">The count is negative.</exception>
    public MinTokens(int count)
    {
        if (count < 0)
        {
            throw new InvalidInputException($"min-tokens must be at least 0, not {count}.");
        }

        Count = count;
    }

    /// <summary>How many tokens are generated at least.</summary>
    public int Count { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        if (state.Step < Count)
        {
            foreach (int token in state.StopTokens)
            {
                // A model may name an end that its vocabulary does not reach.
                if ((uint)token < (uint)logits.Length)
                {
                    logits[token] = float.NegativeInfinity;
                }
            }
        }
    }
}
