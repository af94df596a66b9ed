using System.Buffers;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Subtracts a penalty from a token's logit once for every time that the token was generated; the prompt does not count. The
/// OpenAI API's <c>frequency_penalty</c>.
/// </summary>
public sealed class FrequencyPenalty : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="penalty">Above 0 discourages repetition, below 0 encourages it.</param>
    /// <exception cref="InvalidInputException">The penalty is not a finite number.</exception>
    public FrequencyPenalty(float penalty)
    {
        if (!float.IsFinite(penalty))
        {
            throw new InvalidInputException($"frequency-penalty must be a finite number, not {penalty}.");
        }

        Penalty = penalty;
    }

    /// <summary>What is subtracted for each occurrence.</summary>
    public float Penalty { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        int[] counts = ArrayPool<int>.Shared.Rent(logits.Length);
        counts.AsSpan(0, logits.Length).Clear();
        foreach (int token in state.Generated)
        {
            counts[token]++;
        }

        // One subtraction of count * penalty per token: subtracting many times would round many times.
        foreach (int token in state.Generated)
        {
            logits[token] -= counts[token] * Penalty;
            counts[token] = 0;
        }

        ArrayPool<int>.Shared.Return(counts);
    }
}
