using System.Collections.Immutable;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;

namespace Moiety.Decoding.Strategies;

/// <summary>
/// One token at a time: logits, then the processors, then the sampler (greedy or random). The prompt is computed in chunks.
/// </summary>
public sealed class SamplingStrategy : DecodingStrategy
{
    private readonly KvCache _cache;
    private readonly ForwardPlan? _plan;
    private readonly GenerationOptions _options;
    private readonly ImmutableArray<int> _stopTokens;
    private readonly TokenChoice _choice;
    private readonly int _promptLength;
    private readonly int[] _tokens;
    private int _count;
    private int _slice;

    /// <summary>Starts a text.</summary>
    /// <param name="cache">
    /// The sequence: empty, or holding some first tokens of the prompt (a shared prefix). Stays the caller's.
    /// </param>
    /// <param name="prompt">The prompt, at least one token more than the cache holds.</param>
    /// <param name="options">How to choose tokens and when to end.</param>
    /// <param name="stopTokens">Tokens that end the text.</param>
    /// <param name="stream">Number of the random stream.</param>
    /// <param name="plan">What differs from a plain pass in every step, such as an adapter; nothing that counts tokens. Null for nothing.</param>
    /// <exception cref="ContextOverflowException">The prompt is longer than the context.</exception>
    /// <exception cref="InvalidInputException">The prompt is empty or an option makes no sense.</exception>
    public SamplingStrategy(
        KvCache cache, ReadOnlySpan<int> prompt, GenerationOptions options, ImmutableArray<int> stopTokens, int stream = 0, ForwardPlan? plan = null)
    {
        ArgumentNullException.ThrowIfNull(cache);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        if (prompt.IsEmpty)
        {
            throw new InvalidInputException("the prompt has no tokens: give at least one.");
        }

        if (prompt.Length > cache.ContextLength)
        {
            throw new ContextOverflowException(0, prompt.Length, cache.ContextLength);
        }

        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(cache.Length, prompt.Length, nameof(cache));
        _cache = cache;
        _plan = plan;
        _options = options;
        _stopTokens = stopTokens;
        _choice = new TokenChoice(options, stopTokens, prompt.Length, stream);
        _promptLength = prompt.Length;

        // A prompt of the whole context still gives one token, which is never fed back.
        _tokens = new int[(int)Math.Min((long)prompt.Length + options.MaxTokens, cache.ContextLength + 1L)];
        prompt.CopyTo(_tokens);
        _count = prompt.Length;
    }

    /// <inheritdoc/>
    public override ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, _count);

    /// <inheritdoc/>
    public override int PromptLength => _promptLength;

    /// <inheritdoc/>
    public override void AddSlices(Batch batch, int budget)
    {
        ArgumentNullException.ThrowIfNull(batch);
        ArgumentOutOfRangeException.ThrowIfLessThan(budget, 1);
        ReadOnlySpan<int> next = Tokens[_cache.Length..];
        bool last = next.Length <= budget;
        _slice = batch.Add(_cache, last ? next : next[..budget], last ? LogitsWanted.Last : LogitsWanted.None, _plan);
    }

    /// <inheritdoc/>
    public override void Advance(StepResult result)
    {
        ArgumentNullException.ThrowIfNull(result);
        if (_cache.Length < _count)
        {
            return;
        }

        int token = _choice.Choose(Tokens, result.Logits(_slice));
        if (_stopTokens.Contains(token))
        {
            Finish(Decoding.FinishReason.EndOfText);
            return;
        }

        _tokens[_count++] = token;
        if (_count - _promptLength == _options.MaxTokens)
        {
            Finish(Decoding.FinishReason.MaxTokens);
        }
        else if (_count > _cache.ContextLength)
        {
            Finish(Decoding.FinishReason.ContextFull);
        }
    }
}
