using System.Collections.Immutable;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// All processors that users can ask for by name, in the order in which they apply (Hugging Face's order: biases and penalties on
/// the raw logits, then temperature, then the cuts). A new processor is one file and one line here; the command line's options come
/// from this list.
/// </summary>
public static class LogitsProcessors
{
    /// <summary>The definitions, in order of application.</summary>
    public static ImmutableArray<LogitsProcessorDefinition> All { get; } =
    [
        LogitBias.Definition,
        new("repetition-penalty", "Divides the scores of all tokens seen so far, prompt included (above 1 discourages repetition)", false, false, value => new RepetitionPenalty((float)value)),
        new("frequency-penalty", "Subtracted from a token's score for each time it was generated", false, false, value => new FrequencyPenalty((float)value)),
        new("presence-penalty", "Subtracted from the score of every token that was generated", false, false, value => new PresencePenalty((float)value)),
        Dry.Definition,
        new("no-repeat-ngram", "Never let the same N tokens occur twice, prompt included", true, false, value => new NoRepeatNgram(checked((int)value))),
        new("min-tokens", "Don't let the model end the text before N tokens", true, false, value => new MinTokens(checked((int)value))),
        new("temperature", "Below 1 is more predictable, above 1 more varied", false, true, value => new Temperature((float)value)),
        DynamicTemperature.Definition,
        new("top-n-sigma", "Choose among tokens whose score is at most X standard deviations below the best", false, true, value => new TopNSigma((float)value)),
        new("top-k", "Choose among the K likeliest tokens only", true, true, value => new TopK(checked((int)value))),
        new("top-p", "Choose among the likeliest tokens that together reach this probability", false, true, value => new TopP((float)value)),
        new("min-p", "Choose among tokens at least this fraction as likely as the likeliest", false, true, value => new MinP((float)value)),
        new("typical-p", "Choose among the tokens whose surprise is nearest to the expected one and that together reach this probability", false, true, value => new Typical((float)value)),
        new("epsilon-cutoff", "Choose among tokens at least this likely", false, true, value => new EpsilonCutoff(value)),
        new("eta-cutoff", "As epsilon-cutoff, lower where the model is unsure", false, true, value => new EtaCutoff(value)),
        Xtc.Definition,
        Mirostat.Definition,
    ];

    /// <summary>Makes the chain for the given numbers, in the order of <see cref="All"/>.</summary>
    /// <param name="values">Numbers by parameter name.</param>
    /// <exception cref="InvalidInputException">A name is unknown, a number out of range, or two processors exclude each other.</exception>
    public static ImmutableArray<LogitsProcessor> Create(IReadOnlyDictionary<string, double> values) => Create(new ProcessorSettings { Numbers = values });

    /// <summary>Makes the chain for the given settings, in the order of <see cref="All"/>.</summary>
    /// <param name="settings">What the user asks for.</param>
    /// <exception cref="InvalidInputException">A name is unknown, a value out of range, or two processors exclude each other.</exception>
    public static ImmutableArray<LogitsProcessor> Create(ProcessorSettings settings)
    {
        ArgumentNullException.ThrowIfNull(settings);
        foreach (string name in settings.Numbers.Keys.Concat(settings.Texts.Keys))
        {
            LogitsProcessorDefinition definition = Find(name)?.Definition
                ?? throw new InvalidInputException($"there is no logits processor \"{name}\"; known: {string.Join(", ", All.SelectMany(known => known.Parameters).Select(parameter => parameter.Name))}.");
            if (!settings.Has(definition.Name))
            {
                throw new InvalidInputException($"{name} does nothing without {definition.Name}: give both, or neither.");
            }
        }

        LogitsProcessorDefinition[] wanted = [.. All.Where(definition => settings.Has(definition.Name))];
        foreach (LogitsProcessorDefinition definition in wanted)
        {
            if (definition.Excludes.FirstOrDefault(settings.Has) is { } other)
            {
                throw new InvalidInputException($"{definition.Name} and {other} contradict each other, because {definition.ExclusionReason}. Leave one of them out.");
            }
        }

        return [.. wanted.Select(definition => definition.Create(WithDefaults(definition, settings)))];
    }

    /// <summary>The parameter with a name and its processor, or null.</summary>
    public static (LogitsProcessorDefinition Definition, ProcessorParameter Parameter)? Find(string name)
    {
        foreach (LogitsProcessorDefinition definition in All)
        {
            if (definition.Parameters.FirstOrDefault(parameter => parameter.Name == name) is { } parameter)
            {
                return (definition, parameter);
            }
        }

        return null;
    }

    private static ProcessorSettings WithDefaults(LogitsProcessorDefinition definition, ProcessorSettings settings)
    {
        Dictionary<string, double> numbers = new(settings.Numbers);
        foreach (ProcessorParameter parameter in definition.Parameters)
        {
            if (parameter.Default is { } standard)
            {
                numbers.TryAdd(parameter.Name, standard);
            }
        }

        return settings with { Numbers = numbers };
    }
}
