using System.Collections.Immutable;
using Moiety.Inference;
using Moiety.Inference.KeyValues;
using Moiety.Inference.Plans;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Routing;

/// <summary>
/// Reads texts with a Mixture-of-Experts model and shows what its routers do. A text longer than the window is cut into pieces that are
/// read one by one, each from its start.
/// </summary>
internal sealed class RouteReader
{
    private const int StepTokens = 512;

    private readonly Engine _engine;
    private readonly Tokenizer _tokenizer;
    private readonly ForwardPlan _plan;
    private readonly Batch _batch = new();

    /// <param name="engine">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="InvalidInputException">No layer of the model has experts.</exception>
    public RouteReader(Engine engine, Tokenizer tokenizer)
    {
        _engine = engine;
        _tokenizer = tokenizer;
        ModelConfig config = engine.Config;
        Layers = [.. Enumerable.Range(0, config.LayerCount).Where(layer => config.FeedForwards[layer].Moe is not null)];
        if (Layers.IsEmpty)
        {
            throw new InvalidInputException($"the model is dense: none of its {config.LayerCount} layers has experts, so there are no routes. moiety inspect shows what a model is.");
        }

        _plan = new ForwardPlan { RouterDecisions = Layers, RouterScores = Layers, ExpertOutputNorms = Layers };
    }

    /// <summary>Sees a piece of a text.</summary>
    /// <param name="tokens">The tokens of the whole text.</param>
    /// <param name="start">The piece's first token.</param>
    /// <param name="count">Its tokens.</param>
    /// <param name="result">What the model did with it, in slice 0; valid during the call.</param>
    public delegate void Receiver(int[] tokens, int start, int count, StepResult result);

    /// <summary>The layers that have experts.</summary>
    public ImmutableArray<int> Layers { get; }

    /// <summary>Reads a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="receive">Sees the pieces in order.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <returns>Tokens read.</returns>
    public int Read(string text, Receiver receive, CancellationToken cancellationToken)
    {
        int[] tokens = _tokenizer.Encode(text);
        int window = Math.Min(StepTokens, _engine.ContextLength);
        for (int start = 0; start < tokens.Length; start += window)
        {
            int count = Math.Min(window, tokens.Length - start);
            using KvCache cache = _engine.CreateCache();
            _batch.Clear();
            _batch.Add(cache, tokens.AsSpan(start, count), LogitsWanted.None, _plan);
            receive(tokens, start, count, _engine.Step(_batch, cancellationToken));
        }

        return tokens.Length;
    }
}
