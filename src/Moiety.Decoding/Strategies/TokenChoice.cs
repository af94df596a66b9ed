using System.Buffers;
using System.Collections.Immutable;
using System.Numerics.Tensors;
using Moiety.Decoding.Processors;
using Moiety.Models;

namespace Moiety.Decoding.Strategies;

/// <summary>
/// Chooses the tokens of one text: processors, then the sampler. Holds what processors remember of the text, so that they
/// themselves serve any number of texts. A text that forks takes a <see cref="Fork"/> with it.
/// </summary>
public sealed class TokenChoice
{
    private readonly GenerationOptions _options;
    private readonly ImmutableArray<int> _stopTokens;
    private readonly int _promptLength;
    private readonly int _stream;
    private readonly double[] _memory;

    /// <summary>Starts a text.</summary>
    /// <param name="options">The processors and the sampler.</param>
    /// <param name="stopTokens">Tokens that end the text.</param>
    /// <param name="promptLength">How many of its tokens are given.</param>
    /// <param name="stream">Number of the random stream.</param>
    public TokenChoice(GenerationOptions options, ImmutableArray<int> stopTokens, int promptLength, int stream)
        : this(options, stopTokens, promptLength, stream, new double[(options ?? throw new ArgumentNullException(nameof(options))).Processors.Sum(processor => processor.MemorySize)])
    {
    }

    private TokenChoice(GenerationOptions options, ImmutableArray<int> stopTokens, int promptLength, int stream, double[] memory)
    {
        _options = options;
        _stopTokens = stopTokens.IsDefault ? [] : stopTokens;
        _promptLength = promptLength;
        _stream = stream;
        _memory = memory;
    }

    /// <summary>The choices of a text that goes on from here by itself.</summary>
    /// <param name="stream">Number of its random stream.</param>
    public TokenChoice Fork(int stream) => new(_options, _stopTokens, _promptLength, stream, [.. _memory]);

    /// <summary>Chooses the next token, once per token: processors may remember it.</summary>
    /// <param name="tokens">Prompt and generated tokens, oldest first.</param>
    /// <param name="computed">The model's scores of the next token; stay as they are.</param>
    /// <returns>The token id.</returns>
    /// <exception cref="InvalidInputException">The scores are no numbers, or the processors leave no token.</exception>
    public int Choose(ReadOnlySpan<int> tokens, ReadOnlySpan<float> computed)
    {
        float[] rented = ArrayPool<float>.Shared.Rent(computed.Length);
        Span<float> logits = rented.AsSpan(0, computed.Length);
        computed.CopyTo(logits);
        ThrowUnlessFinite(logits, tokens.Length, "the model gave logits that are not numbers; its weights are damaged (NaN or infinite)");
        int used = 0;
        foreach (LogitsProcessor processor in _options.Processors)
        {
            processor.Process(State(tokens, processor, ref used), logits);
        }

        ThrowUnlessFinite(logits, tokens.Length, "after the logits processors no token can be chosen; a penalty is too large, or all tokens are forbidden");
        int token = _options.Sampler.Sample(new DecodingState(tokens, _promptLength, _stream) { StopTokens = _stopTokens.AsSpan() }, logits);
        used = 0;
        foreach (LogitsProcessor processor in _options.Processors)
        {
            processor.Observe(State(tokens, processor, ref used), logits, token);
        }

        ArrayPool<float>.Shared.Return(rented);
        return token;
    }

    private DecodingState State(ReadOnlySpan<int> tokens, LogitsProcessor processor, ref int used)
    {
        Span<double> memory = _memory.AsSpan(used, processor.MemorySize);
        used += memory.Length;
        return new DecodingState(tokens, _promptLength, _stream) { StopTokens = _stopTokens.AsSpan(), Memory = memory };
    }

    // The maximum is NaN when any logit is, infinite when one is infinite, and minus infinity when all tokens are forbidden.
    private static void ThrowUnlessFinite(ReadOnlySpan<float> logits, int position, string problem)
    {
        float maximum = TensorPrimitives.Max(logits);
        if (!float.IsFinite(maximum))
        {
            throw new InvalidInputException($"token {position} of the sequence: {problem} (largest score: {maximum}).");
        }
    }
}
