namespace Moiety.Models.Quantization;

/// <summary>Parts of a model that a summary counts.</summary>
public enum ModelPart
{
    /// <summary>Token embedding, and the output head when it is not the same matrix; an encoder's classification head.</summary>
    Embedding,

    /// <summary>The projections of attention.</summary>
    Attention,

    /// <summary>Dense feed-forward layers and fixed MLPs beside experts, with their mixing.</summary>
    Dense,

    /// <summary>Experts.</summary>
    Experts,

    /// <summary>Shared experts, which every token visits.</summary>
    SharedExperts,

    /// <summary>Routers.</summary>
    Router,

    /// <summary>Norms.</summary>
    Norms,
}
