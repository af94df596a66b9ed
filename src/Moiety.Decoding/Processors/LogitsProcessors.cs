using System.Collections.Immutable;
using Moiety.Models;

namespace Moiety.Decoding.Processors;

/// <summary>
/// All processors that users can ask for by name, in the order in which they apply (Hugging Face's order: penalties on the raw
/// logits, then temperature, then the cuts). A new processor is one file and one line here; the command line's options come
/// from this list.
/// </summary>
public static class LogitsProcessors
{
    /// <summary>The definitions, in order of application.</summary>
    public static ImmutableArray<LogitsProcessorDefinition> All { get; } =
    [
        new("repetition-penalty", "Divides the scores of all tokens seen so far, prompt included (above 1 discourages repetition)", false, false, value => new RepetitionPenalty((float)value)),
        new("frequency-penalty", "Subtracted from a token's score for each time it was generated", false, false, value => new FrequencyPenalty((float)value)),
        new("presence-penalty", "Subtracted from the score of every token that was generated", false, false, value => new PresencePenalty((float)value)),
        new("temperature", "Below 1 is more predictable, above 1 more varied", false, true, value => new Temperature((float)value)),
        new("top-k", "Choose among the K likeliest tokens only", true, true, value => new TopK(checked((int)value))),
        new("top-p", "Choose among the likeliest tokens that together reach this probability", false, true, value => new TopP((float)value)),
        new("min-p", "Choose among tokens at least this fraction as likely as the likeliest", false, true, value => new MinP((float)value)),
    ];

    /// <summary>Makes the chain for the given numbers, in the order of <see cref="All"/>.</summary>
    /// <param name="values">Numbers by processor name.</param>
    /// <exception cref="InvalidInputException">A name is unknown or a number out of range.</exception>
    public static ImmutableArray<LogitsProcessor> Create(IReadOnlyDictionary<string, double> values)
    {
        ArgumentNullException.ThrowIfNull(values);
        foreach (string name in values.Keys)
        {
            if (!All.Any(definition => definition.Name == name))
            {
                throw new InvalidInputException($"there is no logits processor \"{name}\"; known: {string.Join(", ", All.Select(definition => definition.Name))}.");
            }
        }

        return [.. All.Where(definition => values.ContainsKey(definition.Name)).Select(definition => definition.Create(values[definition.Name]))];
    }
}
