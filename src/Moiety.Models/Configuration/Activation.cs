namespace Moiety.Models.Configuration;

/// <summary>The non-linearity of a feed-forward layer.</summary>
public enum Activation
{
    /// <summary>SwiGLU: down(silu(gate(x)) * up(x)); Shazeer, arXiv 2002.05202.</summary>
    SiluGated,
}
