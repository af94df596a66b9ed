namespace Moiety.Decoding.Samplers;

/// <summary>
/// Chooses the next token from processed logits. Immutable: what it draws depends on nothing but its own settings, the logits
/// and the place (stream and step), so that a sequence gives the same tokens alone and in any batch.
/// </summary>
public abstract class Sampler
{
    /// <summary>Chooses a token.</summary>
    /// <param name="state">The sequence so far.</param>
    /// <param name="logits">One score per token of the vocabulary; no NaN, at least one finite.</param>
    /// <returns>The token id.</returns>
    public abstract int Sample(in DecodingState state, ReadOnlySpan<float> logits);
}
