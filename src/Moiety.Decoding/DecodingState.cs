namespace Moiety.Decoding;

/// <summary>
/// What a processor or sampler may know about one sequence when it chooses the next token: the tokens so far, which of them
/// were given, and which random stream the sequence draws from. A view, valid during the call only.
/// </summary>
public readonly ref struct DecodingState
{
    /// <summary>Describes a sequence.</summary>
    /// <param name="tokens">Prompt and generated tokens, oldest first.</param>
    /// <param name="promptLength">How many of <paramref name="tokens"/> were given.</param>
    /// <param name="stream">Number of the random stream, e.g. the index of the sample among those of one prompt.</param>
    /// <exception cref="ArgumentOutOfRangeException">The prompt is longer than the sequence.</exception>
    public DecodingState(ReadOnlySpan<int> tokens, int promptLength, int stream = 0)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(promptLength);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(promptLength, tokens.Length);
        Tokens = tokens;
        PromptLength = promptLength;
        Stream = stream;
    }

    /// <summary>Prompt and generated tokens, oldest first.</summary>
    public ReadOnlySpan<int> Tokens { get; }

    /// <summary>How many of <see cref="Tokens"/> were given.</summary>
    public int PromptLength { get; }

    /// <summary>Number of the random stream.</summary>
    public int Stream { get; }

    /// <summary>Tokens that end the text when they are chosen; empty where nothing does.</summary>
    public ReadOnlySpan<int> StopTokens { get; init; }

    /// <summary>
    /// What a processor remembers of this sequence from token to token: <see cref="Processors.LogitsProcessor.MemorySize"/> numbers,
    /// 0 at the first token.
    /// </summary>
    public Span<double> Memory { get; init; }

    /// <summary>The tokens that were generated, oldest first.</summary>
    public ReadOnlySpan<int> Generated => Tokens[PromptLength..];

    /// <summary>How many tokens were generated before this one.</summary>
    public int Step => Tokens.Length - PromptLength;
}
