using System.Collections.Immutable;
using Moiety.Models;

namespace Moiety.Evaluation.Speed;

/// <summary>What to measure.</summary>
public sealed record SpeedOptions
{
    /// <summary>Lengths of prompts, in tokens.</summary>
    public ImmutableArray<int> PrefillLengths { get; init; } = [128, 512];

    /// <summary>Tokens that are in the context before decoding begins.</summary>
    public ImmutableArray<int> DecodeDepths { get; init; } = [16];

    /// <summary>Tokens to decode in one repetition.</summary>
    public int DecodeTokens { get; init; } = 64;

    /// <summary>Repetitions of each measurement; the median counts.</summary>
    public int Repetitions { get; init; } = 5;

    /// <summary>Checks the options against a context length.</summary>
    /// <exception cref="InvalidInputException">A number is out of range.</exception>
    public void Validate(int contextLength)
    {
        if (Repetitions < 1 || DecodeTokens < 1)
        {
            throw new InvalidInputException($"repetitions ({Repetitions}) and decoded tokens ({DecodeTokens}) must be at least 1.");
        }

        foreach (int length in PrefillLengths.Concat(DecodeDepths.Select(depth => (int)Math.Min((long)depth + DecodeTokens, int.MaxValue))))
        {
            if (length < 1 || length > contextLength)
            {
                throw new InvalidInputException($"a measurement of {length} tokens does not fit the context of {contextLength} tokens.");
            }
        }

        if (DecodeDepths.Any(depth => depth < 1))
        {
            throw new InvalidInputException("decoding needs at least 1 token in the context before it.");
        }
    }
}
