using Moiety.Data.Corpora;
using Moiety.Inference;
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
    /// <summary>Tokens that <see cref="LayerRoutes.DropRate"/> takes for one batch.</summary>
    public const int BatchTokens = 2048;

    private readonly ModelConfig _config;
    private readonly RouteReader _reader;
    private readonly TokenKinds _kinds;

    /// <summary>Creates a meter; use one from one thread at a time.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="InvalidInputException">No layer of the model has experts.</exception>
    public RouteMeter(Engine engine, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(tokenizer);
        _config = engine.Config;
        _reader = new RouteReader(engine, tokenizer);
        _kinds = new TokenKinds(tokenizer);
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
        RouteCounter[] counters = [.. _reader.Layers.Select(layer => new RouteCounter(layer, _config.FeedForwards[layer].Moe!))];
        List<DocumentLabels?> labels = [];
        TokenKind[] kinds = [];
        long tokens = 0;
        foreach (CorpusDocument document in documents)
        {
            foreach (RouteCounter counter in counters)
            {
                counter.BeginDocument();
            }

            labels.Add(document.Labels);
            _reader.Read(
                document.Text,
                (ids, start, count, result) =>
                {
                    kinds = start == 0 ? _kinds.Of(ids) : kinds;
                    Count(result, kinds.AsSpan(start, count), counters, tokens);
                    tokens += count;
                    progress?.Report(tokens);
                },
                cancellationToken);
        }

        return tokens > 0
            ? new RouteStatistics(labels.Count, tokens, [.. counters.Select(counter => counter.Finish(labels, seed))])
            : throw new InvalidInputException("the text is empty: there is no token to route.");
    }

    private static void Count(StepResult result, ReadOnlySpan<TokenKind> kinds, RouteCounter[] counters, long before)
    {
        foreach (RouteCounter counter in counters)
        {
            for (int position = 0; position < kinds.Length; position++)
            {
                if ((before + position) % BatchTokens == 0)
                {
                    counter.BeginBatch();
                }

                counter.Add(result.Routing(0, counter.Layer, position), kinds[position]);
            }
        }
    }
}
