using Moiety.Evaluation.Scoring;
using Moiety.Inference;
using Moiety.Models;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Perplexity;

/// <summary>
/// Measures how well a model predicts documents. A document longer than the window is read with a sliding window, so that every
/// token but the first is scored exactly once.
/// </summary>
public sealed class PerplexityEvaluator
{
    // Documents are handed to the scorer in groups, so that short ones share steps.
    private const int GroupTokens = 4096;

    private readonly SequenceScorer _scorer;
    private readonly Tokenizer _tokenizer;
    private readonly int _window;
    private readonly int _stride;

    /// <summary>Creates an evaluator.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <param name="options">How to cut long texts, or null for the defaults.</param>
    /// <exception cref="InvalidInputException">The window or the stride does not fit.</exception>
    public PerplexityEvaluator(Engine engine, Tokenizer tokenizer, PerplexityOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(tokenizer);
        _scorer = new SequenceScorer(engine);
        _tokenizer = tokenizer;
        _window = options?.Window ?? engine.ContextLength;
        if (_window < 2 || _window > engine.ContextLength)
        {
            throw new InvalidInputException($"the window must be from 2 to the context length {engine.ContextLength}, not {_window}.");
        }

        _stride = options?.Stride ?? _window / 2;
        if (_stride < 1 || _stride >= _window)
        {
            throw new InvalidInputException($"the stride must be from 1 to {_window - 1} (below the window), not {_stride}.");
        }
    }

    /// <summary>Scores documents.</summary>
    /// <param name="documents">The texts; one group is in memory at a time.</param>
    /// <param name="progress">Told the result so far after each group.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidInputException">There is no token to score.</exception>
    public PerplexityResult Evaluate(
        IEnumerable<string> documents, IProgress<PerplexityResult>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        PerplexityResult total = new(0, 0, 0, 0, 0);
        List<ScoredSequence> group = [];
        int tokens = 0;
        foreach (string document in documents)
        {
            foreach (ScoredSequence window in Windows(_tokenizer.Encode(document)))
            {
                group.Add(window);
                tokens += window.Tokens.Length;
                if (tokens >= GroupTokens)
                {
                    total = Add(total, group, cancellationToken);
                    progress?.Report(total);
                    group.Clear();
                    tokens = 0;
                }
            }

            total = total with { Documents = total.Documents + 1 };
        }

        total = Add(total, group, cancellationToken);
        progress?.Report(total);
        return total.Tokens > 0 ? total : throw new InvalidInputException("the text is too short: there is no token to predict after the first one.");
    }

    /// <summary>Cuts a document into windows whose scored parts lie side by side and cover all tokens but the first.</summary>
    internal IEnumerable<ScoredSequence> Windows(int[] tokens)
    {
        int scored = 1;
        while (scored < tokens.Length)
        {
            // The first window scores all it sees; each later one ends a stride further and scores what is new in it.
            int end = Math.Min(scored == 1 ? _window : scored + _stride, tokens.Length);
            int start = Math.Max(0, end - _window);
            yield return new ScoredSequence(tokens.AsMemory(start, end - start), scored - start);
            scored = end;
        }
    }

    private PerplexityResult Add(PerplexityResult total, List<ScoredSequence> group, CancellationToken cancellationToken)
    {
        double[][] scores = _scorer.Score(group, cancellationToken);
        double sum = total.NegativeLogLikelihood;
        double squares = total.SumOfSquares;
        long count = total.Tokens;
        long bytes = total.Bytes;
        for (int index = 0; index < group.Count; index++)
        {
            foreach (int token in group[index].Tokens.Span[group[index].First..])
            {
                bytes += _tokenizer.GetBytes(token).Length;
            }

            foreach (double score in scores[index])
            {
                sum -= score;
                squares += score * score;
                count++;
            }
        }

        return total with { Tokens = count, Bytes = bytes, NegativeLogLikelihood = sum, SumOfSquares = squares };
    }
}
