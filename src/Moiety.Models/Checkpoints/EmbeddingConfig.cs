namespace Moiety.Models.Checkpoints;

/// <summary>
/// How the makers of a checkpoint want texts turned into vectors: the modules of sentence-transformers (arXiv 1908.10084), or
/// <c>pooling_type</c> of a GGUF file.
/// </summary>
public sealed record EmbeddingConfig
{
    /// <summary>How the states of a text's tokens become one vector.</summary>
    public EmbeddingPooling Pooling { get; init; }

    /// <summary>Whether vectors are brought to length 1; null when the checkpoint does not say.</summary>
    public bool? Normalize { get; init; }

    /// <summary>Tokens, special ones included, after which a text is cut off; null for the model's context.</summary>
    public int? MaxTokens { get; init; }
}
