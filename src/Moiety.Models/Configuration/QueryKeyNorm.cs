namespace Moiety.Models.Configuration;

/// <summary>A norm on queries and keys between projection and rotation.</summary>
public enum QueryKeyNorm
{
    /// <summary>None.</summary>
    None,

    /// <summary>RMSNorm of each head, one weight of [head size] for all heads: Qwen3, Gemma 3.</summary>
    PerHead,

    /// <summary>RMSNorm over all heads together, weights of [heads * head size]: OLMo 2, OLMoE.</summary>
    Whole,

    /// <summary>LayerNorm without bias of each head, weights of [heads * head size], one per head: Command-R+, StableLM 2 12B.</summary>
    PerHeadLayer,
}
