namespace Moiety.Models.Configuration;

/// <summary>How rows of the residual stream are normalized.</summary>
public enum NormKind
{
    /// <summary>x / rms(x) * w (arXiv 1910.07467). Gemma's 1 + w is a matter of its files: canonical weights hold the sum.</summary>
    Rms,

    /// <summary>(x - mean) / deviation * w + b (arXiv 1607.06450).</summary>
    Layer,

    /// <summary>(x - mean) / deviation * w, as in Cohere's models.</summary>
    LayerWithoutBias,

    /// <summary>(x - mean) / deviation, without parameters, as in the first OLMo.</summary>
    LayerWithoutParameters,
}
