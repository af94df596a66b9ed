using Moiety.Data.Corpora;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Routing;

/// <summary>
/// Reads texts with a Mixture-of-Experts model and counts where its routers send the tokens. A document longer than the window is cut
/// into pieces that are read one by one, each from its start.
/// </summary>
public sealed class RouteMeter
{
    private const int StepTokens = 512;

    private readonly Engine _engine;
    private readonly Tokenizer _tokenizer;
    private readonly TokenKinds _kinds;
    private readonly int _window;
    private readonly ForwardPlan _plan;

    /// <summary>Creates a meter; use one from one thread at a time.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="InvalidInputException">No layer of the model has experts.</exception>
    public RouteMeter(Engine engine, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(tokenizer);
        _engine = engine;
        _tokenizer = tokenizer;
        _kinds = new TokenKinds(tokenizer);
        _window = Math.Min(StepTokens, engine.ContextLength);
        ModelConfig config = engine.Config;
        _plan = new ForwardPlan { RouterDecisions = [.. Enumerable.Range(0, config.LayerCount).Where(layer => config.FeedForwards[layer].Moe is not null)] };
        if (_plan.RouterDecisions.IsEmpty)
        {
            throw new InvalidInputException($"the model is dense: none of its {config.LayerCount} layers has experts, so there are no routes. moiety inspect shows what a model is.");
        }
    }

    /// <summary>Counts the routes of documents.</summary>
    /// <param name="documents">The texts, with labels where the corpus has them; one is in memory at a time.</param>
    /// <param name="seed">Of the shuffles that <see cref="Specialization.Baseline"/> needs.</param>
    /// <param name="progress">Told the number of tokens read.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidInputException">There is no token to read.</exception>
    public RouteStatistics Measure(IEnumerable<CorpusDocument> documents, ulong seed = 1, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(documents);
        RouteCounter[] counters = [.. _plan.RouterDecisions.Select(layer => new RouteCounter(layer, _engine.Config.FeedForwards[layer].Moe!.ExpertCount))];
        List<DocumentLabels?> labels = [];
        Batch batch = new();
        long tokens = 0;
        foreach (CorpusDocument document in documents)
        {
            int[] ids = _tokenizer.Encode(document.Text);
            TokenKind[] kinds = _kinds.Of(ids);
            foreach (RouteCounter counter in counters)
            {
                counter.BeginDocument();
            }

            labels.Add(document.Labels);
            for (int start = 0; start < ids.Length; start += _window)
            {
                int count = Math.Min(_window, ids.Length - start);
                using KvCache cache = _engine.CreateCache();
                batch.Clear();
                batch.Add(cache, ids.AsSpan(start, count), LogitsWanted.None, _plan);
                Count(_engine.Step(batch, cancellationToken), kinds.AsSpan(start, count), counters);
                tokens += count;
                progress?.Report(tokens);
            }
        }

        return tokens > 0
            ? new RouteStatistics(labels.Count, tokens, [.. counters.Select(counter => counter.Finish(labels, seed))])
            : throw new InvalidInputException("the text is empty: there is no token to route.");
    }

    private static void Count(StepResult result, ReadOnlySpan<TokenKind> kinds, RouteCounter[] counters)
    {
        foreach (RouteCounter counter in counters)
        {
            for (int position = 0; position < kinds.Length; position++)
            {
                counter.Add(result.Routing(0, counter.Layer, position), kinds[position]);
            }
        }
    }
}
