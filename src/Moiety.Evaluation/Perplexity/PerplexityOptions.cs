namespace Moiety.Evaluation.Perplexity;

/// <summary>How a text longer than the window is cut.</summary>
public sealed record PerplexityOptions
{
    /// <summary>Tokens that the model sees at once, or null for its context length.</summary>
    public int? Window { get; init; }

    /// <summary>
    /// Tokens that the window moves on, or null for half of it: every token is scored once, and all but those of the first
    /// window with at least Window - Stride tokens before them.
    /// </summary>
    public int? Stride { get; init; }
}
