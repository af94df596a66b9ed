using System.Text;
using Moiety.Decoding.Strategies;
using Moiety.Decoding.Text;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Models.Adapters;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Chat;

/// <summary>
/// A conversation: the history stays in the context, and only what is new in it is computed. Use from one thread at a time.
/// </summary>
public sealed class ChatSession : IDisposable
{
    private readonly TextGenerator _generator;
    private readonly Tokenizer _tokenizer;
    private readonly ConversationFormat _format;
    private readonly KvCache _cache;
    private readonly List<ChatTurn> _turns = [];
    private int[] _cached = [];
    private LoraAdapter? _cachedBy;

    /// <summary>Begins a conversation.</summary>
    /// <param name="engine">The model; stays the caller's.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="format">How the conversation is written down.</param>
    public ChatSession(Engine engine, Tokenizer tokenizer, ConversationFormat format)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(format);
        _generator = new TextGenerator(engine, tokenizer);
        _tokenizer = tokenizer;
        _format = format;
        _cache = engine.CreateCache();
    }

    /// <summary>What goes before the conversation, or null.</summary>
    public string? System { get; set; }

    /// <summary>The adapter that answers from now on, or null for the model alone.</summary>
    public LoraAdapter? Adapter { get; set; }

    /// <summary>The turns so far.</summary>
    public IReadOnlyList<ChatTurn> Turns => _turns;

    /// <summary>Takes back the last message and the answer to it.</summary>
    /// <returns>What was taken back, or null when nothing was said yet.</returns>
    public ChatTurn? Undo()
    {
        ChatTurn? last = _turns.LastOrDefault();
        if (last is not null)
        {
            _turns.RemoveAt(_turns.Count - 1);
        }

        return last;
    }

    /// <summary>Replaces the conversation, as one that was saved.</summary>
    public void Restore(IEnumerable<ChatTurn> turns)
    {
        ArgumentNullException.ThrowIfNull(turns);
        _turns.Clear();
        _turns.AddRange(turns);
    }

    /// <summary>Forgets the conversation, but not <see cref="System"/>.</summary>
    public void Reset() => _turns.Clear();

    /// <summary>Answers a message. An answer that is cancelled stays in the history as far as it came.</summary>
    /// <param name="message">What the user says.</param>
    /// <param name="options">How to choose tokens; the format's stop strings are added.</param>
    /// <param name="onText">Told the answer as it comes; may be null.</param>
    /// <param name="cancellationToken">Ends the answer.</param>
    /// <returns>The answer.</returns>
    /// <exception cref="ContextOverflowException">The conversation is longer than the context; it is as before the message.</exception>
    public GenerationResult Reply(
        string message, GenerationOptions options, Action<string>? onText = null, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(message);
        ArgumentNullException.ThrowIfNull(options);
        options = options with { StopStrings = [.. options.StopStrings, .. _format.StopStrings] };
        int[] prompt = _format.Encode(_tokenizer, System, [.. _turns, new ChatTurn(message)]);
        KeepCommonPrefix(prompt);
        SamplingStrategy strategy = new(_cache, prompt, options, _generator.StopTokens(options), _turns.Count, TextGenerator.PlanOf(Adapter));
        TextRun run = new(strategy, _tokenizer, options);
        StringBuilder answer = new();
        try
        {
            _generator.Run([run], (_, text) => Show(text, answer, onText), cancellationToken);
            return run.Result() with { Text = answer.ToString().TrimEnd() };
        }
        finally
        {
            _cached = strategy.Tokens[.._cache.Length].ToArray();
            if (run.HasEnded || answer.Length > 0)
            {
                _turns.Add(new ChatTurn(message, answer.ToString().TrimEnd()));
            }
        }
    }

    /// <summary>Frees the context's memory.</summary>
    public void Dispose() => _cache.Dispose();

    // The space between the label and the answer belongs to the format.
    private static void Show(string text, StringBuilder answer, Action<string>? onText)
    {
        string shown = answer.Length == 0 ? text.TrimStart() : text;
        if (shown.Length > 0)
        {
            answer.Append(shown);
            onText?.Invoke(shown);
        }
    }

    // Tokens at the border of two turns may be cut differently once more text follows: what differs is computed again. The
    // last token is computed in any case, since its logits are wanted. What one adapter computed is of no use to another.
    private void KeepCommonPrefix(int[] prompt)
    {
        int common = ReferenceEquals(Adapter, _cachedBy) ? Math.Min(_cached.AsSpan().CommonPrefixLength(prompt), prompt.Length - 1) : 0;
        _cachedBy = Adapter;
        _cache.Truncate(common);
        _cached = _cached[..common];
    }
}
