namespace Moiety.Models.Configuration;

/// <summary>What all layers' attention has beyond its sizes. The defaults are plain grouped-query attention, as in Llama.</summary>
public sealed record AttentionConfig
{
    /// <summary>Whether query, key and value projections have biases (GPT-2, Qwen2).</summary>
    public bool QueryKeyValueBias { get; init; }

    /// <summary>Whether the output projection has a bias (GPT-2, GPT-OSS).</summary>
    public bool OutputBias { get; init; }

    /// <summary>Norm on queries and keys.</summary>
    public QueryKeyNorm QueryKeyNorm { get; init; }

    /// <summary>Factor of the scores; null for 1 / sqrt(head size).</summary>
    public float? Scale { get; init; }

    /// <summary>Scores become c * tanh(score / c), before the mask; 0 for none. Gemma 2: 50.</summary>
    public float LogitSoftCap { get; init; }

    /// <summary>Projected queries, keys and values, after the norm, are clamped to [-c, c]; 0 for none. OLMoE, DBRX.</summary>
    public float ClipQueryKeyValue { get; init; }

    /// <summary>
    /// Whether each head has a learned logit that takes part in the softmax and adds nothing to the output (GPT-OSS).
    /// </summary>
    public bool Sinks { get; init; }

    /// <summary>
    /// Largest bias of ALiBi (arXiv 2108.12409), 8 in the paper: head h adds -slope_h * |query position - key position| to its scores. 0 for none.
    /// </summary>
    public float AlibiMaxBias { get; init; }

    /// <summary>Learned biases of the scores by distance, or null (MPNet).</summary>
    public RelativeBiasConfig? RelativeBias { get; init; }

    /// <summary>Scores between contents and relative positions, or null (DeBERTa).</summary>
    public DisentangledAttentionConfig? Disentangled { get; init; }

    /// <summary>Latent attention instead of plain key and value projections, or null.</summary>
    public LatentAttentionConfig? Latent { get; init; }
}
