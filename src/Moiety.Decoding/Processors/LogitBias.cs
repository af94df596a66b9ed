using System.Collections.Immutable;
using System.Globalization;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Adds a number to the logits of some tokens, before everything else: above 0 makes a token likelier, minus infinity forbids it.
/// The OpenAI API's <c>logit_bias</c>.
/// </summary>
public sealed class LogitBias : LogitsProcessor
{
    private readonly ImmutableArray<KeyValuePair<int, float>> _biases;

    /// <summary>Creates the processor.</summary>
    /// <param name="biases">What is added, by token id: finite or minus infinity. Ids from 0 on.</param>
    /// <exception cref="InvalidInputException">A number is neither, or an id is negative.</exception>
    public LogitBias(IReadOnlyDictionary<int, float> biases)
    {
        ArgumentNullException.ThrowIfNull(biases);
        foreach ((int token, float bias) in biases)
        {
            if (token < 0 || !(bias < float.PositiveInfinity))
            {
                throw new InvalidInputException($"logit-bias takes token ids from 0 on and finite numbers or -inf, not {token}={bias}.");
            }
        }

        _biases = [.. biases.OrderBy(pair => pair.Key)];
    }

    /// <summary>What is added, by token id.</summary>
    public IReadOnlyDictionary<int, float> Biases => _biases.ToImmutableDictionary();

    internal static LogitsProcessorDefinition Definition { get; } = new(
        [new("logit-bias", "Added to the score of a token: ID=X, -inf forbids it; may be given more than once", ParameterKind.Texts)],
        false,
        settings => new LogitBias(Parse(settings.TextsOf("logit-bias"))));

    /// <inheritdoc/>
    /// <exception cref="InvalidInputException">A token is none of the vocabulary.</exception>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        foreach ((int token, float bias) in _biases)
        {
            if (token >= logits.Length)
            {
                throw new InvalidInputException($"logit-bias names token {token}, and the vocabulary has {logits.Length} tokens, numbered from 0.");
            }

            logits[token] += bias;
        }
    }

    private static Dictionary<int, float> Parse(ImmutableArray<string> texts)
    {
        Dictionary<int, float> biases = [];
        foreach (string text in texts)
        {
            string[] parts = text.Split('=');
            float bias = float.NegativeInfinity;
            bool fits = parts.Length == 2
                & int.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out int token)
                && (parts[1] == "-inf" || (float.TryParse(parts[1], NumberStyles.Float, CultureInfo.InvariantCulture, out bias) && float.IsFinite(bias)));
            if (!fits || !biases.TryAdd(token, bias))
            {
                throw new InvalidInputException($"logit-bias takes ID=X with a token id and a number or -inf, each id once, not \"{text}\".");
            }
        }

        return biases;
    }
}
