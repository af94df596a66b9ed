using System.Collections.Immutable;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Moiety.Decoding.Strategies;
using Moiety.Decoding.Text;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Models;
using Moiety.Models.Adapters;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding;

/// <summary>
/// Text in, text out: prompts are encoded, decoded side by side in one batch, and shown as they come. A text is the same
/// alone and in any batch. Use one generator, and its engine, from one thread at a time.
/// </summary>
public sealed class TextGenerator
{
    private readonly Engine _engine;
    private readonly Tokenizer _tokenizer;

    /// <summary>Creates a generator.</summary>
    /// <param name="engine">The model; stays the caller's.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="InvalidInputException">The model is an encoder.</exception>
    public TextGenerator(Engine engine, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(tokenizer);
        if (engine.Config.IsEncoder)
        {
            throw new InvalidInputException($"A model of the family \"{engine.Config.Family}\" is an encoder: it makes vectors and classes of texts (EmbeddingModel, SequenceClassifier) and generates none.");
        }

        _engine = engine;
        _tokenizer = tokenizer;
    }

    /// <summary>Generates one text.</summary>
    /// <inheritdoc cref="Generate(IReadOnlyList{GenerationRequest}, GenerationOptions, Action{int, string}?, CancellationToken)"/>
    public GenerationResult Generate(string prompt, GenerationOptions options, CancellationToken cancellationToken = default) =>
        Generate([new GenerationRequest(prompt)], options, null, cancellationToken)[0];

    /// <summary>Generates texts side by side.</summary>
    /// <param name="requests">The texts; equal prompts are computed once.</param>
    /// <param name="options">How to choose tokens and when to end.</param>
    /// <param name="onText">Told the index of a request and its new text as it comes; may be null.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <returns>One result per request, in their order.</returns>
    /// <exception cref="ContextOverflowException">A prompt is longer than the context: nothing was generated.</exception>
    /// <exception cref="InvalidInputException">An option makes no sense, or the model's logits are no numbers.</exception>
    public IReadOnlyList<GenerationResult> Generate(
        IReadOnlyList<GenerationRequest> requests,
        GenerationOptions options,
        Action<int, string>? onText = null,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        int[][] prompts = [.. requests.Select(request => EncodePrompt(request.Prompt))];
        foreach (int[] prompt in prompts.Where(prompt => prompt.Length > _engine.ContextLength))
        {
            throw new ContextOverflowException(0, prompt.Length, _engine.ContextLength);
        }

        KvCache[] caches = new KvCache[requests.Count];
        try
        {
            FillCaches(requests, prompts, caches, cancellationToken);
            TextRun[] runs = new TextRun[requests.Count];
            for (int index = 0; index < runs.Length; index++)
            {
                SamplingStrategy strategy = new(caches[index], prompts[index], options, StopTokens(options), requests[index].Stream, PlanOf(requests[index].Adapter));
                runs[index] = new TextRun(strategy, _tokenizer, options);
            }

            Run(runs, onText, cancellationToken);
            return [.. runs.Select(run => run.Result())];
        }
        finally
        {
            foreach (KvCache? cache in caches)
            {
                cache?.Dispose();
            }
        }
    }

    /// <summary>Generates one text and gives it piece by piece; ending the enumeration early stops the work.</summary>
    /// <param name="prompt">What the text goes on from.</param>
    /// <param name="options">How to choose tokens and when to end.</param>
    /// <param name="cancellationToken">Stops between layers.</param>
    /// <returns>The pieces: whole characters, never part of a stop string.</returns>
    /// <exception cref="InvalidInputException">As <see cref="Generate(string, GenerationOptions, CancellationToken)"/>, at the first piece.</exception>
    public async IAsyncEnumerable<string> StreamAsync(
        string prompt, GenerationOptions options, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        using CancellationTokenSource stop = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Channel<string> pieces = Channel.CreateUnbounded<string>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = true });
        Task work = Task.Run(
            () =>
            {
                try
                {
                    Generate([new GenerationRequest(prompt)], options, (_, text) => pieces.Writer.TryWrite(text), stop.Token);
                }
                finally
                {
                    pieces.Writer.Complete();
                }
            },
            CancellationToken.None);
        try
        {
            await foreach (string piece in pieces.Reader.ReadAllAsync(CancellationToken.None).ConfigureAwait(false))
            {
                yield return piece;
            }
        }
        finally
        {
            await stop.CancelAsync().ConfigureAwait(false);
            await work.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await work.ConfigureAwait(false);
    }

    /// <summary>Runs texts until all have ended.</summary>
    internal void Run(TextRun[] runs, Action<int, string>? onText, CancellationToken cancellationToken)
    {
        DecodingLoop loop = new(_engine);
        DecodingStrategy[] strategies = [.. runs.Select(run => run.Strategy)];
        while (loop.Step(strategies, cancellationToken))
        {
            for (int index = 0; index < runs.Length; index++)
            {
                string fresh = runs[index].Take();
                if (fresh.Length > 0)
                {
                    onText?.Invoke(index, fresh);
                }
            }
        }
    }

    /// <summary>The plan of a text with an adapter of its own.</summary>
    internal static ForwardPlan? PlanOf(LoraAdapter? adapter) => adapter is null ? null : new ForwardPlan { Adapter = adapter };

    /// <summary>Tokens that end a text: those asked for, or what the model and its tokenizer name.</summary>
    internal ImmutableArray<int> StopTokens(GenerationOptions options) =>
        options.StopTokens.IsDefault ? [.. _engine.EosTokenIds.Union(_tokenizer.EosTokenIds)] : options.StopTokens;

    /// <summary>Encodes a prompt. An empty one becomes the token that starts a text, or ends the one before it.</summary>
    internal int[] EncodePrompt(string prompt)
    {
        int[] tokens = _tokenizer.Encode(prompt);
        int? start = _tokenizer.BosTokenId ?? (_tokenizer.EosTokenIds is [int end, ..] ? end : null);
        return tokens.Length > 0 ? tokens
            : start is { } first ? [first]
            : throw new InvalidInputException("the prompt is empty and the model has no token that starts a text: give a prompt.");
    }

    // Prompts that occur more than once (several samples of one prompt) are computed once, up to their last token, whose
    // logits every sample needs for itself.
    private void FillCaches(IReadOnlyList<GenerationRequest> requests, int[][] prompts, KvCache[] caches, CancellationToken cancellationToken)
    {
        foreach (int[] same in Enumerable.Range(0, caches.Length).GroupBy(index => (requests[index].Prompt, requests[index].Adapter)).Select(group => group.ToArray()))
        {
            KvCache first = caches[same[0]] = _engine.CreateCache();
            if (same.Length > 1)
            {
                PrefixFill.Run(_engine, first, prompts[same[0]].AsSpan()[..^1], cancellationToken, PlanOf(requests[same[0]].Adapter));
                foreach (int index in same.AsSpan(1))
                {
                    caches[index] = first.Fork();
                }
            }
        }
    }
}
