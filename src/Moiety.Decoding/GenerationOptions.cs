using System.Collections.Immutable;
using Moiety.Decoding.Processors;
using Moiety.Decoding.Samplers;
using Moiety.Models;

namespace Moiety.Decoding;

/// <summary>How to generate: what chooses the tokens and what ends the text.</summary>
public sealed record GenerationOptions
{
    /// <summary>Most tokens to generate; at least 1.</summary>
    public int MaxTokens { get; init; } = 256;

    /// <summary>What changes the logits, in order of application.</summary>
    public ImmutableArray<LogitsProcessor> Processors { get; init; } = [];

    /// <summary>What chooses a token from the changed logits.</summary>
    public Sampler Sampler { get; init; } = new GreedySampler();

    /// <summary>Strings that end the text when they appear in what is generated; they are not part of the result.</summary>
    public ImmutableArray<string> StopStrings { get; init; } = [];

    /// <summary>Tokens that end the text, or default for those of the model and its tokenizer.</summary>
    public ImmutableArray<int> StopTokens { get; init; }

    /// <summary>Checks the options.</summary>
    /// <exception cref="InvalidInputException">A value makes no sense.</exception>
    public void Validate()
    {
        if (MaxTokens < 1)
        {
            throw new InvalidInputException($"at least 1 token must be generated, not {MaxTokens}.");
        }

        if (StopStrings.Any(string.IsNullOrEmpty))
        {
            throw new InvalidInputException("a stop string is empty: every text would stop before its first character.");
        }
    }
}
