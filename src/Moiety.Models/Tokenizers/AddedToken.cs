namespace Moiety.Models.Tokenizers;

/// <summary>A token that is found in text as a whole, before any splitting: control tokens and words added after training.</summary>
public sealed record AddedToken
{
    /// <summary>The token's id.</summary>
    public required int Id { get; init; }

    /// <summary>How it is written in text; not empty.</summary>
    public required string Content { get; init; }

    /// <summary>Whether it is a control token: never part of a text, and found in one only on demand.</summary>
    public bool Special { get; init; }

    /// <summary>Whether it is found only between characters that are not part of a word.</summary>
    public bool SingleWord { get; init; }

    /// <summary>Whether it takes the spaces before it.</summary>
    public bool LeftStrip { get; init; }

    /// <summary>Whether it takes the spaces after it.</summary>
    public bool RightStrip { get; init; }

    /// <summary>Whether Hugging Face tools look for it after normalization; kept for writing.</summary>
    public bool Normalized { get; init; }

    /// <summary>Whether it is a piece of the model, too, which may choose it where it is not found as a whole.</summary>
    public bool IsPiece { get; init; } = true;
}
