namespace Moiety.Models.Configuration;

/// <summary>YaRN (arXiv 2309.00071): a ramp between interpolated and kept frequencies, and a factor of the attention logits.</summary>
/// <param name="Factor">By how much the context grows.</param>
/// <param name="OriginalContextLength">Context that the model was first trained for.</param>
public sealed record YarnRotaryScaling(float Factor, int OriginalContextLength) : RotaryScaling
{
    /// <summary>Turns within the original context above which a frequency is kept.</summary>
    public float BetaFast { get; init; } = 32;

    /// <summary>Turns within the original context below which a frequency is interpolated.</summary>
    public float BetaSlow { get; init; } = 1;

    /// <summary>Factor of cosines and sines; null for the paper's 0.1 ln(factor) + 1.</summary>
    public float? AttentionFactor { get; init; }

    /// <summary>Whether the ends of the ramp are rounded to whole dimensions (all but GPT-OSS).</summary>
    public bool Truncate { get; init; } = true;
}
