namespace Moiety.Training.Routing;

/// <summary>Noise that lets routers explore while they are trained; never in evaluation.</summary>
public enum NoisePolicy
{
    /// <summary>None.</summary>
    None,

    /// <summary>What the router reads is multiplied by U(1 - eps, 1 + eps), each element by its own (Switch Transformer, arXiv 2101.03961).</summary>
    Jitter,

    /// <summary>
    /// Gumbel noise is added to the logits for the choice only: a token's first expert is then drawn from its probabilities. Weights and
    /// losses see the logits as they are.
    /// </summary>
    RSample,
}
