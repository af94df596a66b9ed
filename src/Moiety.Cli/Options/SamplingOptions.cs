using System.Collections.Immutable;
using System.CommandLine;
using System.Security.Cryptography;
using Moiety.Decoding.Processors;
using Moiety.Models;

namespace Moiety.Cli.Options;

/// <summary>The options that say how to choose tokens and when to stop; the same for every verb that generates.</summary>
internal sealed class SamplingOptions
{
    private static readonly ImmutableDictionary<string, double> Defaults =
        ImmutableDictionary<string, double>.Empty.Add("temperature", 0.8).Add("top-p", 0.95);

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

    private readonly ImmutableArray<(LogitsProcessorDefinition Definition, Option<double?> Option)> _processors =
        [.. LogitsProcessors.All.Select(definition => (definition, CreateOption(definition)))];

    /// <summary>Adds the options to a verb.</summary>
    public void AddTo(Command command)
    {
        command.Add(_maxTokens);
        command.Add(_stop);
        command.Add(_greedy);
        command.Add(_seed);
        foreach ((_, Option<double?> option) in _processors)
        {
            command.Add(option);
        }
    }

    /// <summary>Reads the options.</summary>
    /// <exception cref="InvalidInputException">Flags contradict each other, or a number is out of range.</exception>
    public SamplingChoice Read(ParseResult parsed) => ReadSettings(parsed).ToChoice();

    /// <summary>Reads the options as parameters that can be changed later.</summary>
    /// <exception cref="InvalidInputException">Flags contradict each other, or a number is out of range.</exception>
    public SamplingSettings ReadSettings(ParseResult parsed)
    {
        bool greedy = parsed.GetValue(_greedy);
        Dictionary<string, double> values = [];
        foreach ((LogitsProcessorDefinition definition, Option<double?> option) in _processors)
        {
            if (parsed.GetValue(option) is { } value)
            {
                values[definition.Name] = Checked(definition, value, greedy);
            }
            else if (!greedy && Defaults.TryGetValue(definition.Name, out double standard))
            {
                values[definition.Name] = standard;
            }
        }

        ulong? seed = parsed.GetValue(_seed);
        if (greedy && seed is not null)
        {
            throw Contradiction("--seed");
        }

        // A random seed stays below 2^53, so that it survives JSON.
        ulong drawn = seed ?? (BitConverter.ToUInt64(RandomNumberGenerator.GetBytes(sizeof(ulong))) >> 11);
        return new SamplingSettings(values.ToImmutableSortedDictionary(StringComparer.Ordinal), greedy, drawn, parsed.GetValue(_maxTokens), [.. parsed.GetValue(_stop) ?? []]);
    }

    private static double Checked(LogitsProcessorDefinition definition, double value, bool greedy)
    {
        if (greedy && definition.ShapesSampling)
        {
            throw Contradiction($"--{definition.Name}");
        }

        bool fits = !definition.IsWhole || (value == Math.Floor(value) && Math.Abs(value) <= int.MaxValue);
        return fits ? value : throw new InvalidInputException($"--{definition.Name} must be a whole number, not {value}.");
    }

    private static InvalidInputException Contradiction(string option) =>
        new($"--greedy and {option} contradict each other: greedy decoding always takes the likeliest token and draws nothing. Leave one of them out.");

    private static Option<double?> CreateOption(LogitsProcessorDefinition definition) => new($"--{definition.Name}")
    {
        Description = Defaults.TryGetValue(definition.Name, out double standard)
            ? $"{definition.Summary} [default: {standard}]"
            : definition.Summary,
        HelpName = definition.IsWhole ? "N" : "X",
    };
}
