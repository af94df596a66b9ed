namespace Moiety.Models.Configuration;

/// <summary>Rotary position embedding (Su et al., arXiv 2104.09864).</summary>
public sealed record RotaryConfig
{
    /// <summary>Base of the geometric series of frequencies.</summary>
    public required float Theta { get; init; }

    /// <summary>
    /// True: rotates neighboring pairs (2i, 2i+1), as GGUF Llama files and llama2.c store them. False: rotates (i, i + d/2), as
    /// Hugging Face checkpoints do.
    /// </summary>
    public bool Interleaved { get; init; }

    /// <summary>Leading elements of a head that are rotated; null for all of them.</summary>
    public int? Dimensions { get; init; }

    /// <summary>How frequencies are changed for longer contexts, or null.</summary>
    public RotaryScaling? Scaling { get; init; }
}
