namespace Moiety.Inference.Plans;

/// <summary>
/// Changes attention scores before the softmax, s' = Scale * s + Bias, for keys [KeyStart, KeyEnd) of a sequence. A bias of
/// log(a) multiplies the attention on these keys by a before it is normalized again (PASTA, arXiv 2311.02262). Steerings of a
/// plan apply one after the other.
/// </summary>
public sealed record AttentionSteering
{
    /// <summary>The layer, or null for all.</summary>
    public int? Layer { get; init; }

    /// <summary>The query head, or null for all.</summary>
    public int? Head { get; init; }

    /// <summary>Index in the sequence of the first key.</summary>
    public required int KeyStart { get; init; }

    /// <summary>Index after the last key; may lie beyond the sequence.</summary>
    public required int KeyEnd { get; init; }

    /// <summary>Factor of the score.</summary>
    public float Scale { get; init; } = 1;

    /// <summary>Added to the score; negative infinity hides the keys.</summary>
    public float Bias { get; init; }
}
