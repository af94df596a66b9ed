using System.Collections.Immutable;

namespace Moiety.Decoding;

/// <summary>A generated text and how it came about.</summary>
public sealed record GenerationResult
{
    /// <summary>The text after the prompt, without the stop string.</summary>
    public required string Text { get; init; }

    /// <summary>The generated tokens, those of the stop string included, without the token that ended the text.</summary>
    public required ImmutableArray<int> Tokens { get; init; }

    /// <summary>Tokens of the prompt.</summary>
    public required int PromptTokenCount { get; init; }

    /// <summary>Why the text ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>The stop string that ended the text, or null.</summary>
    public string? StopString { get; init; }

    /// <summary>From the start to the first generated token. Texts of one batch share their steps, so their times overlap.</summary>
    public required TimeSpan PromptTime { get; init; }

    /// <summary>From the first generated token to the last.</summary>
    public required TimeSpan DecodeTime { get; init; }
}
