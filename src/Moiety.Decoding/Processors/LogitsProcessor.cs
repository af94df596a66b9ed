namespace Moiety.Decoding.Processors;

/// <summary>
/// Changes the scores of the next token before one is chosen. Processors are immutable, work in place, allocate nothing and
/// may serve many sequences at once: what they need to know about a sequence comes with the call. A score of
/// <see cref="float.NegativeInfinity"/> forbids a token.
/// </summary>
public abstract class LogitsProcessor
{
    /// <summary>How many numbers the processor remembers of each sequence; most remember none.</summary>
    public virtual int MemorySize => 0;

    /// <summary>Changes the logits of the next token.</summary>
    /// <param name="state">The sequence so far.</param>
    /// <param name="logits">One score per token of the vocabulary; no NaN, at least one finite.</param>
    public abstract void Process(in DecodingState state, Span<float> logits);

    /// <summary>Learns which token was chosen; only processors with a memory care.</summary>
    /// <param name="state">The sequence before the token.</param>
    /// <param name="logits">The scores that it was chosen from, after all processors.</param>
    /// <param name="token">The token.</param>
    public virtual void Observe(in DecodingState state, ReadOnlySpan<float> logits, int token)
    {
    }
}
