using System.Collections.Immutable;
using System.Text;
using Moiety.Inference;
using Moiety.Inference.Steps;
using Moiety.Models;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Routing;

/// <summary>Follows the tokens of a text through the experts of a model.</summary>
public sealed class RouteTracer
{
    private readonly Tokenizer _tokenizer;
    private readonly RouteReader _reader;
    private readonly TokenKinds _kinds;

    /// <summary>Creates a tracer; use one from one thread at a time.</summary>
    /// <param name="engine">The model.</param>
    /// <param name="tokenizer">Its tokenizer.</param>
    /// <exception cref="InvalidInputException">No layer of the model has experts.</exception>
    public RouteTracer(Engine engine, Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(engine);
        ArgumentNullException.ThrowIfNull(tokenizer);
        _tokenizer = tokenizer;
        _reader = new RouteReader(engine, tokenizer);
        _kinds = new TokenKinds(tokenizer);
    }

    /// <summary>Follows a text. One longer than the model reads at once is read in pieces, each from its start.</summary>
    /// <param name="text">The text.</param>
    /// <param name="cancellationToken">Stops the work.</param>
    /// <exception cref="InvalidInputException">There is no token.</exception>
    public ImmutableArray<TokenTrace> Trace(string text, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        ImmutableArray<TokenTrace>.Builder traces = ImmutableArray.CreateBuilder<TokenTrace>();
        _reader.Read(
            text,
            (tokens, start, count, result) =>
            {
                TokenKind[] kinds = _kinds.Of(tokens);
                for (int position = 0; position < count; position++)
                {
                    int token = tokens[start + position];
                    traces.Add(new TokenTrace(
                        token, Encoding.UTF8.GetString(_tokenizer.GetBytes(token)), kinds[start + position],
                        [.. _reader.Layers.Select(layer => Choice(layer, result.Routing(0, layer, position)))]));
                }
            },
            cancellationToken);
        return traces.Count > 0 ? traces.ToImmutable() : throw new InvalidInputException("the text is empty: there is no token to follow.");
    }

    private static LayerChoice Choice(int layer, RouterDecision decision)
    {
        ImmutableArray<float>.Builder scores = ImmutableArray.CreateBuilder<float>(decision.Experts.Length);
        foreach (int expert in decision.Experts)
        {
            scores.Add(decision.Scores[expert]);
        }

        return new LayerChoice(layer, [.. decision.Experts], scores.MoveToImmutable(), [.. decision.Weights], RouterEntropy.Of(decision.Scores));
    }
}
