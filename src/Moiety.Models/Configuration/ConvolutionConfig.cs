namespace Moiety.Models.Configuration;

/// <summary>
/// A convolution over neighboring tokens' embeddings that joins the residual stream after the first layer:
/// x = norm(x + activation(Σ W_j · e[t + j] + b)), with zeros beyond the ends of the text (DeBERTa-v2-xlarge, arXiv 2006.03654, appendix A.5).
/// </summary>
public sealed record ConvolutionConfig
{
    /// <summary>Tokens that it looks at; odd, the token itself in the middle.</summary>
    public required int KernelSize { get; init; }

    /// <summary>The non-linearity.</summary>
    public required EncoderActivation Activation { get; init; }
}
