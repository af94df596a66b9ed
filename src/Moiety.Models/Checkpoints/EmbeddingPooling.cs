namespace Moiety.Models.Checkpoints;

/// <summary>How the states of a text's tokens become one vector.</summary>
public enum EmbeddingPooling
{
    /// <summary>The mean over all tokens, special ones included.</summary>
    Mean,

    /// <summary>The state of the first token ([CLS], &lt;s&gt;).</summary>
    First,

    /// <summary>The state of the last token.</summary>
    Last,

    /// <summary>No pooling: one vector for each token.</summary>
    None,
}
