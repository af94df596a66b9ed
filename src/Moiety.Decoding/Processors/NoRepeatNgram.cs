using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Forbids every token that would make n tokens in a row occur a second time, prompt included (Paulus et al., arXiv 1705.04304,
/// section 2.5). Hugging Face: <c>NoRepeatNGramLogitsProcessor</c>.
/// </summary>
public sealed class NoRepeatNgram : LogitsProcessor
{
    /// <summary>Creates the processor.</summary>
    /// <param name="length">n, from 1 (no token twice) on; the paper's is 3.</param>
    /// <exception cref="InvalidInputException">n is below 1.</exception>
    public NoRepeatNgram(int length)
    {
        if (length < 1)
        {
            throw new InvalidInputException($"no-repeat-ngram must be at least 1, not {length}.");
        }

        Length = length;
    }

    /// <summary>How many tokens in a row may occur only once.</summary>
    public int Length { get; }

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        ReadOnlySpan<int> tokens = state.Tokens;
        if (tokens.Length < Length)
        {
            return;
        }

        ReadOnlySpan<int> end = tokens[(tokens.Length - Length + 1)..];
        for (int start = 0; start + Length <= tokens.Length; start++)
        {
            if (tokens.Slice(start, end.Length).SequenceEqual(end))
            {
                logits[tokens[start + end.Length]] = float.NegativeInfinity;
            }
        }
    }
}
