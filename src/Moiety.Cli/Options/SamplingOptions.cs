using System.Collections.Immutable;
using System.CommandLine;
using System.Security.Cryptography;
using Moiety.Decoding.Processors;
using Moiety.Models;

namespace Moiety.Cli.Options;

/// <summary>The options that say how to choose tokens and when to stop; the same for every verb that generates.</summary>
internal sealed class SamplingOptions
{
    private readonly Option<bool> _greedy = new("--greedy") { Description = "Always choose the likeliest token" };

    private readonly Option<ulong?> _seed = new("--seed")
    {
        Description = "Seed of the random choices: the same seed gives the same text on every machine [default: a random one, shown by --stats]",
        HelpName = "N",
    };

    private readonly Option<int> _maxTokens = new("--max-tokens")
    {
        Description = "Most tokens to generate",
        HelpName = "N",
        DefaultValueFactory = _ => 256,
    };

    private readonly Option<string[]> _stop = new("--stop")
    {
        Description = "End the text before this string; may be given more than once",
        HelpName = "TEXT",
    };

    private readonly ImmutableArray<(LogitsProcessorDefinition Definition, ProcessorParameter Parameter, Option Option)> _processors =
        [.. LogitsProcessors.All.SelectMany(definition => definition.Parameters.Select(parameter => (definition, parameter, CreateOption(parameter))))];

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_maxTokens);
        command.Add(_stop);
        command.Add(_greedy);
        command.Add(_seed);
        foreach ((_, _, Option option) in _processors)
        {
            command.Add(option);
        }
    }

    /// <summary>Reads the options, as parameters that can be changed later, and checks the numbers.</summary>
    /// <exception cref="InvalidInputException">Options contradict each other, or a number is out of range.</exception>
    public SamplingSettings Read(ParseResult parsed)
    {
        bool greedy = parsed.GetValue(_greedy);
        Dictionary<string, double> numbers = [];
        Dictionary<string, ImmutableArray<string>> texts = [];
        foreach ((LogitsProcessorDefinition definition, ProcessorParameter parameter, Option option) in _processors)
        {
            bool given = false;
            if (option is Option<string[]> many)
            {
                string[] values = parsed.GetValue(many) ?? [];
                given = values.Length > 0;
                if (given)
                {
                    texts[parameter.Name] = [.. values];
                }
            }
            else if (parsed.GetValue((Option<double?>)option) is { } value)
            {
                given = true;
                numbers[parameter.Name] = Checked(parameter, value);
            }

            if (given && greedy && definition.ShapesSampling)
            {
                throw Contradiction($"--{parameter.Name}");
            }
        }

        ulong? seed = parsed.GetValue(_seed);
        if (greedy && seed is not null)
        {
            throw Contradiction("--seed");
        }

        // A random seed stays below 2^53, so that it survives JSON.
        ulong drawn = seed ?? (BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 11);
        SamplingSettings settings = new(
            numbers.ToImmutableSortedDictionary(StringComparer.Ordinal),
            texts.ToImmutableSortedDictionary(StringComparer.Ordinal),
            greedy,
            drawn,
            parsed.GetValue(_maxTokens),
            [.. parsed.GetValue(_stop) ?? []]);
        return (greedy ? settings : settings.WithDefaults()).Validate();
    }

    private static double Checked(ProcessorParameter parameter, double value)
    {
        bool fits = parameter.Kind != ParameterKind.WholeNumber || (value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue);
        return fits ? value : throw new InvalidInputException($"--{parameter.Name} must be a whole number, not {value}.");
    }

    private static InvalidInputException Contradiction(string option) =>
        new($"--greedy and {option} contradict each other: greedy decoding always takes the likeliest token and draws nothing. Leave one of them out.");

    private static Option CreateOption(ProcessorParameter parameter)
    {
        string name = $"--{parameter.Name}";
        string description = (SamplingSettings.Defaults.TryGetValue(parameter.Name, out double standard) ? standard : parameter.Default) is { } value
            ? $"{parameter.Summary} [default: {value}]"
            : parameter.Summary;
        return parameter.Kind is ParameterKind.Texts or ParameterKind.Phrases
            ? new Option<string[]>(name) { Description = description, HelpName = "TEXT" }
            : new Option<double?>(name) { Description = description, HelpName = parameter.Kind == ParameterKind.WholeNumber ? "N" : "X" };
    }
}
