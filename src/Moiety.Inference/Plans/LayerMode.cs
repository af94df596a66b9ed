namespace Moiety.Inference.Plans;

/// <summary>What a layer does with one token.</summary>
public enum LayerMode : byte
{
    /// <summary>Attention and feed-forward.</summary>
    Run,

    /// <summary>Attention only: keys and values are written as always (FFN-SkipLLM, arXiv 2404.03865).</summary>
    SkipFeedForward,

    /// <summary>
    /// Nothing: the hidden state passes unchanged, and no later token sees this one in this layer (SkipDecode,
    /// arXiv 2307.02628).
    /// </summary>
    Skip,

    /// <summary>
    /// The hidden state passes unchanged, but the layer's keys and values of it are written, so that later tokens which
    /// run the layer see this one (state propagation of early exit, CALM, arXiv 2207.07061).
    /// </summary>
    SkipKeepingKeyValues,
}
