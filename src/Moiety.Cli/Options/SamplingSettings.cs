using System.Collections.Immutable;
using System.Globalization;
using Moiety.Decoding;
using Moiety.Decoding.Processors;
using Moiety.Decoding.Samplers;
using Moiety.Models;

namespace Moiety.Cli.Options;

/// <summary>How the user wants tokens chosen, parameter by parameter, so that a conversation can change one of them.</summary>
/// <param name="Values">Parameters of logits processors by name.</param>
/// <param name="IsGreedy">Whether the likeliest token is always chosen.</param>
/// <param name="Seed">Seed of the random choices.</param>
/// <param name="MaxTokens">Most tokens to generate.</param>
/// <param name="StopStrings">Strings that end a text.</param>
internal sealed record SamplingSettings(
    ImmutableSortedDictionary<string, double> Values, bool IsGreedy, ulong Seed, int MaxTokens, ImmutableArray<string> StopStrings)
{
    private const string Greedy = "greedy";
    private const string SeedName = "seed";
    private const string MaxTokensName = "max-tokens";

    /// <summary>The names of all parameters.</summary>
    public static string Names => string.Join(", ", [Greedy, SeedName, MaxTokensName, .. LogitsProcessors.All.Select(definition => definition.Name)]);

    /// <summary>What the parameters are now, as <see cref="With"/> takes them.</summary>
    public IEnumerable<(string Name, string Value)> All =>
    [
        (Greedy, IsGreedy ? "on" : "off"),
        (SeedName, Seed.ToString(CultureInfo.InvariantCulture)),
        (MaxTokensName, MaxTokens.ToString(CultureInfo.InvariantCulture)),
        .. Values.Select(pair => (pair.Key, pair.Value.ToString(CultureInfo.InvariantCulture))),
    ];

    /// <summary>Changes one parameter.</summary>
    /// <exception cref="InvalidInputException">There is no such parameter, or the value does not fit it.</exception>
    public SamplingSettings With(string name, string value)
    {
        SamplingSettings changed = name switch
        {
            Greedy => this with { IsGreedy = value is "on" || (value is not "off" ? throw Unfit(name, value, "on or off") : false) },
            SeedName => this with { Seed = ulong.TryParse(value, CultureInfo.InvariantCulture, out ulong seed) ? seed : throw Unfit(name, value, "a whole number") },
            MaxTokensName => this with { MaxTokens = int.TryParse(value, CultureInfo.InvariantCulture, out int most) ? most : throw Unfit(name, value, "a whole number") },
            _ => this with { Values = Values.SetItem(name, Parse(name, value)) },
        };
        changed.ToChoice();
        return changed;
    }

    /// <summary>The options of a text.</summary>
    /// <exception cref="InvalidInputException">A number is out of range.</exception>
    public SamplingChoice ToChoice()
    {
        GenerationOptions options = new()
        {
            MaxTokens = MaxTokens,
            StopStrings = StopStrings,
            Processors = LogitsProcessors.Create(Values.Where(pair => !IsGreedy || !Definition(pair.Key).ShapesSampling).ToDictionary()),
            Sampler = IsGreedy ? new GreedySampler() : new MultinomialSampler(Seed),
        };
        options.Validate();
        return new SamplingChoice(options, IsGreedy ? null : Seed);
    }

    private static double Parse(string name, string value)
    {
        LogitsProcessorDefinition definition = Definition(name);
        return double.TryParse(value, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            && (!definition.IsWhole || number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue)
            ? number
            : throw Unfit(name, value, definition.IsWhole ? "a whole number" : "a number");
    }

    private static LogitsProcessorDefinition Definition(string name) => LogitsProcessors.All.FirstOrDefault(definition => definition.Name == name)
        ?? throw new InvalidInputException($"there is no parameter \"{name}\"; known: {Names}.");

    private static InvalidInputException Unfit(string name, string value, string expected) => new($"{name} must be {expected}, not \"{value}\".");
}
