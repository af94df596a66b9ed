using System.Buffers;
using System.Collections.Immutable;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// Don't Repeat Yourself (p-e-w, text-generation-webui pull request 5677): where the text ends with L tokens that occurred before,
/// the token that followed them there loses multiplier · base^(L - allowed length), if L is at least the allowed length; the
/// longest such L counts. Looping gets ever more expensive, single words stay free. Prompt included; nothing is matched across a
/// <see cref="SequenceBreakers">breaker</see>, and a token that is a breaker by itself loses nothing. Linear in the text.
/// </summary>
public sealed class Dry : LogitsProcessor
{
    // More than this makes no difference to a choice, and stays finite through any temperature.
    private const double LargestPenalty = 1e30;
    private static readonly ImmutableArray<string> DefaultBreakers = ["\n", ":", "\"", "*"];

    /// <summary>Creates the processor.</summary>
    /// <param name="multiplier">Penalty of a repetition of the allowed length, from 0 on; 0.8 is usual.</param>
    /// <param name="growth">How it grows with each token more, from 1 on; 1.75 is usual.</param>
    /// <param name="allowedLength">Repetitions shorter than this are free, from 1 on; 2 is usual.</param>
    /// <param name="range">How many last tokens are looked at, 0 for all.</param>
    /// <param name="breakers">What ends a repetition.</param>
    /// <exception cref="InvalidInputException">A number is out of range.</exception>
    public Dry(double multiplier, double growth, int allowedLength, int range, SequenceBreakers breakers)
    {
        ArgumentNullException.ThrowIfNull(breakers);
        if (!(multiplier >= 0) || !double.IsFinite(multiplier))
        {
            throw new InvalidInputException($"dry-multiplier must be a number from 0 up, not {multiplier}.");
        }

        if (!(growth >= 1) || !double.IsFinite(growth))
        {
            throw new InvalidInputException($"dry-base must be a number from 1 up, not {growth}.");
        }

        if (allowedLength < 1)
        {
            throw new InvalidInputException($"dry-allowed-length must be at least 1, not {allowedLength}.");
        }

        if (range < 0)
        {
            throw new InvalidInputException($"dry-range must be at least 0 (the whole text), not {range}.");
        }

        Multiplier = multiplier;
        Growth = growth;
        AllowedLength = allowedLength;
        Range = range;
        Breakers = breakers;
    }

    /// <summary>Penalty of a repetition of the allowed length.</summary>
    public double Multiplier { get; }

    /// <summary>Factor of the penalty for each token more.</summary>
    public double Growth { get; }

    /// <summary>The shortest repetition that costs something.</summary>
    public int AllowedLength { get; }

    /// <summary>How many last tokens are looked at, 0 for all.</summary>
    public int Range { get; }

    /// <summary>What ends a repetition.</summary>
    public SequenceBreakers Breakers { get; }

    internal static LogitsProcessorDefinition Definition { get; } = new(
        [
            new("dry-multiplier", "Makes it ever harder to repeat a passage: penalty of the shortest one"),
            new("dry-base", "Growth of the penalty with each token of the passage", Default: 1.75),
            new("dry-allowed-length", "Passages shorter than this may repeat", ParameterKind.WholeNumber, 2),
            new("dry-range", "Look at this many last tokens only; 0: the whole text", ParameterKind.WholeNumber, 0),
            new("dry-breaker", "Passages end at this text; may be given more than once, empty for none [default: line ends, : \" *]", ParameterKind.Phrases),
        ],
        false,
        settings => new Dry(
            settings.Number("dry-multiplier"),
            settings.Number("dry-base"),
            (int)settings.Number("dry-allowed-length"),
            (int)settings.Number("dry-range"),
            BreakersOf(settings)));

    /// <inheritdoc/>
    public override void Process(in DecodingState state, Span<float> logits)
    {
        ReadOnlySpan<int> tokens = Range > 0 && Range < state.Tokens.Length ? state.Tokens[^Range..] : state.Tokens;
        int limit = Breakers.CountAfter(tokens);
        if (Multiplier == 0 || tokens.Length <= AllowedLength || limit < AllowedLength)
        {
            return;
        }

        // Room for most texts at once, so that a text that grows does not rent ever longer arrays.
        int[] rentedMatches = ArrayPool<int>.Shared.Rent(Math.Max(tokens.Length, 4096));
        Span<int> matches = rentedMatches.AsSpan(0, tokens.Length);
        MeasureMatches(tokens, matches);
        int[] longest = ArrayPool<int>.Shared.Rent(logits.Length);
        longest.AsSpan(0, logits.Length).Clear();
        for (int end = 0; end < tokens.Length - 1; end++)
        {
            int length = Math.Min(matches[end], limit);
            ref int known = ref longest[tokens[end + 1]];
            known = Math.Max(known, length);
        }

        foreach (int token in tokens)
        {
            if (longest[token] >= AllowedLength && !Breakers.IsBreaker(token))
            {
                double penalty = Multiplier * PortableMath.ExpOfAny((longest[token] - AllowedLength) * PortableMath.Log(Growth));
                logits[token] -= (float)Math.Min(penalty, LargestPenalty);
            }

            longest[token] = 0;
        }

        ArrayPool<int>.Shared.Return(longest);
        ArrayPool<int>.Shared.Return(rentedMatches);
    }

    // For every position, how many tokens up to it equal the last ones of the text: the Z function (Gusfield, "Algorithms on
    // Strings, Trees and Sequences", section 1.4) of the reversed text. `left` and `right` bound the match that reaches furthest.
    private static void MeasureMatches(ReadOnlySpan<int> tokens, Span<int> matches)
    {
        int last = tokens.Length - 1;
        matches[last] = tokens.Length;
        int left = 0;
        int right = 0;
        for (int start = 1; start <= last; start++)
        {
            int length = start < right ? Math.Min(right - start, matches[last - (start - left)]) : 0;
            while (start + length <= last && tokens[last - length] == tokens[last - start - length])
            {
                length++;
            }

            matches[last - start] = length;
            if (start + length > right)
            {
                left = start;
                right = start + length;
            }
        }
    }

    private static SequenceBreakers BreakersOf(ProcessorSettings settings)
    {
        ImmutableArray<string> texts = settings.TextsOf("dry-breaker");
        return settings.Tokenizer is { } tokenizer ? SequenceBreakers.Of(tokenizer, texts.IsDefault ? DefaultBreakers : texts)
            : texts.IsDefault ? SequenceBreakers.None
            : throw new InvalidInputException("dry-breaker needs the tokenizer of the model to find the tokens of its text.");
    }
}
