namespace Moiety.Models.Configuration;

/// <summary>The non-linearity of a feed-forward layer.</summary>
public enum Activation
{
    /// <summary>SwiGLU: down(silu(gate(x)) * up(x)); Shazeer, arXiv 2002.05202.</summary>
    SiluGated,

    /// <summary>down(gelu(gate(x)) * up(x)), with the exact GELU.</summary>
    GeluGated,

    /// <summary>down(gelu(gate(x)) * up(x)), with the approximation of GELU by tanh: Gemma.</summary>
    GeluTanhGated,

    /// <summary>
    /// GPT-OSS: gate and up are clamped (gate from above, up on both sides, at 7), then down((up + 1) * gate * sigmoid(1.702 gate)).
    /// </summary>
    ClampedSiluGated,

    /// <summary>down(gelu(up(x))), with the exact GELU (arXiv 1606.08415): GPT-NeoX, Falcon, BERT.</summary>
    Gelu,

    /// <summary>down(gelu(up(x))), with the approximation of GELU by tanh: GPT-2, Phi-2.</summary>
    GeluTanh,

    /// <summary>down(max(up(x), 0)): OPT.</summary>
    Relu,

    /// <summary>down(max(up(x), 0)^2) (arXiv 2109.08668): Nemotron.</summary>
    ReluSquared,
}
