namespace Moiety.Decoding.Processors;

/// <summary>
/// Changes the scores of the next token before one is chosen. Processors are immutable, work in place, allocate nothing and
/// may serve many sequences at once: what they need to know about a sequence comes with the call. A score of
/// <see cref="float.NegativeInfinity"/> forbids a token.
/// </summary>
public abstract class LogitsProcessor
{
    /// <summary>Changes the logits of the next token.</summary>
    /// <param name="state">The sequence so far.</param>
    /// <param name="logits">One score per token of the vocabulary; no NaN, at least one finite.</param>
    public abstract void Process(in DecodingState state, Span<float> logits);
}
