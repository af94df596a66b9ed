using Moiety.Models.Checkpoints;

namespace Moiety.Decoding.Encoders;

/// <summary>How texts become vectors. What is null is as the checkpoint says.</summary>
public sealed record EmbeddingOptions
{
    /// <summary>How the states of a text's tokens become one vector; the mean when the checkpoint does not say.</summary>
    public EmbeddingPooling? Pooling { get; init; }

    /// <summary>Whether vectors are brought to length 1; they are when the checkpoint does not say.</summary>
    public bool? Normalize { get; init; }

    /// <summary>Tokens, special ones included, after which a text is cut off.</summary>
    public int? MaxTokens { get; init; }
}
