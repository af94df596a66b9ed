namespace Moiety.Decoding;

/// <summary>Why a generation ended.</summary>
public enum FinishReason
{
    /// <summary>The model gave a token that ends a text.</summary>
    EndOfText,

    /// <summary>A stop string appeared in the text.</summary>
    StopString,

    /// <summary>As many tokens were generated as were allowed.</summary>
    MaxTokens,

    /// <summary>The sequence is as long as the context: the model cannot go on, though more tokens were allowed.</summary>
    ContextFull,
}
