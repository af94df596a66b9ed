using System.Collections.Immutable;
using System.Globalization;
using Moiety.Decoding;
using Moiety.Decoding.Processors;
using Moiety.Decoding.Samplers;
using Moiety.Models;
using Moiety.Models.Tokenizers;

namespace Moiety.Cli.Options;

/// <summary>How the user wants tokens chosen, parameter by parameter, so that a conversation can change one of them.</summary>
/// <param name="Numbers">Numbers of logits processors by parameter name.</param>
/// <param name="Texts">Texts of logits processors by parameter name.</param>
/// <param name="IsGreedy">Whether the likeliest token is always chosen.</param>
/// <param name="Seed">Seed of the random choices.</param>
/// <param name="MaxTokens">Most tokens to generate.</param>
/// <param name="StopStrings">Strings that end a text.</param>
internal sealed record SamplingSettings(
    ImmutableSortedDictionary<string, double> Numbers,
    ImmutableSortedDictionary<string, ImmutableArray<string>> Texts,
    bool IsGreedy,
    ulong Seed,
    int MaxTokens,
    ImmutableArray<string> StopStrings)
{
    private const string Greedy = "greedy";
    private const string SeedName = "seed";
    private const string MaxTokensName = "max-tokens";

    /// <summary>What applies where a user of random choice says nothing and nothing that contradicts it.</summary>
    public static ImmutableDictionary<string, double> Defaults { get; } =
        ImmutableDictionary<string, double>.Empty.Add("temperature", 0.8).Add("top-p", 0.95);

    /// <summary>The names of all parameters.</summary>
    public static string Names => string.Join(", ", [Greedy, SeedName, MaxTokensName, .. LogitsProcessors.All.SelectMany(definition => definition.Parameters).Select(parameter => parameter.Name)]);

    /// <summary>What the parameters are now, as <see cref="With"/> takes them.</summary>
    public IEnumerable<(string Name, string Value)> All =>
    [
        (Greedy, IsGreedy ? "on" : "off"),
        (SeedName, Seed.ToString(CultureInfo.InvariantCulture)),
        (MaxTokensName, MaxTokens.ToString(CultureInfo.InvariantCulture)),
        .. Numbers.Select(pair => (pair.Key, pair.Value.ToString(CultureInfo.InvariantCulture))),
        .. Texts.Select(pair => (pair.Key, string.Join(' ', pair.Value))),
    ];

    /// <summary>Changes one parameter. A default that contradicts it goes.</summary>
    /// <exception cref="InvalidInputException">There is no such parameter, or the value does not fit it or the other parameters.</exception>
    public SamplingSettings With(string name, string value) => (name switch
    {
        Greedy => this with { IsGreedy = value is "on" || (value is not "off" ? throw Unfit(name, value, "on or off") : false) },
        SeedName => this with { Seed = ulong.TryParse(value, CultureInfo.InvariantCulture, out ulong seed) ? seed : throw Unfit(name, value, "a whole number") },
        MaxTokensName => this with { MaxTokens = int.TryParse(value, CultureInfo.InvariantCulture, out int most) ? most : throw Unfit(name, value, "a whole number") },
        _ => WithParameter(name, value),
    }).Validate();

    /// <summary>Adds the defaults that contradict nothing.</summary>
    public SamplingSettings WithDefaults() => this with
    {
        Numbers = Numbers.AddRange(Defaults.Where(pair => !Numbers.ContainsKey(pair.Key) && !LogitsProcessors.All.Any(definition => IsOn(definition) && definition.Excludes.Contains(pair.Key)))),
    };

    /// <summary>Checks all that can be checked without a tokenizer.</summary>
    /// <exception cref="InvalidInputException">A number is out of range, or parameters contradict each other.</exception>
    public SamplingSettings Validate()
    {
        SamplingSettings readable = this with { Texts = Texts.RemoveRange(Texts.Keys.Where(name => Find(name).Parameter.Kind == ParameterKind.Phrases)) };
        readable.ToChoice(null);
        return this;
    }

    /// <summary>The options of a text.</summary>
    /// <param name="tokenizer">The tokenizer of the model, which texts of processors are read with.</param>
    /// <exception cref="InvalidInputException">A value is out of range, or parameters contradict each other.</exception>
    public SamplingChoice ToChoice(Tokenizer? tokenizer)
    {
        ProcessorSettings settings = new()
        {
            Numbers = Numbers.Where(pair => IsUsed(pair.Key)).ToDictionary(),
            Texts = Texts.Where(pair => IsUsed(pair.Key)).ToDictionary(),
            Seed = Seed,
            Tokenizer = tokenizer,
        };
        GenerationOptions options = new()
        {
            MaxTokens = MaxTokens,
            StopStrings = StopStrings,
            Processors = LogitsProcessors.Create(settings),
            Sampler = IsGreedy ? new GreedySampler() : new MultinomialSampler(Seed),
        };
        options.Validate();
        return new SamplingChoice(options, IsGreedy ? null : Seed);
    }

    private SamplingSettings WithParameter(string name, string value)
    {
        (LogitsProcessorDefinition definition, ProcessorParameter parameter) = Find(name);
        if (parameter.Kind is ParameterKind.Texts or ParameterKind.Phrases)
        {
            return this with { Texts = Texts.SetItem(name, [value]) };
        }

        bool isWhole = parameter.Kind == ParameterKind.WholeNumber;
        bool fits = double.TryParse(value, CultureInfo.InvariantCulture, out double number) && double.IsFinite(number)
            && (!isWhole || (number == Math.Floor(number) && Math.Abs(number) <= int.MaxValue));
        ImmutableSortedDictionary<string, double> numbers = Numbers.SetItem(name, fits ? number : throw Unfit(name, value, isWhole ? "a whole number" : "a number"));
        return this with
        {
            Numbers = numbers.RemoveRange(definition.Excludes.Where(other => Defaults.TryGetValue(other, out double standard) && numbers.GetValueOrDefault(other, double.NaN) == standard)),
        };
    }

    private bool IsOn(LogitsProcessorDefinition definition) => Numbers.ContainsKey(definition.Name) || Texts.ContainsKey(definition.Name);

    private bool IsUsed(string name) => !IsGreedy || !Find(name).Definition.ShapesSampling;

    private static (LogitsProcessorDefinition Definition, ProcessorParameter Parameter) Find(string name) => LogitsProcessors.Find(name)
        ?? throw new InvalidInputException($"there is no parameter \"{name}\"; known: {Names}.");

    private static InvalidInputException Unfit(string name, string value, string expected) => new($"{name} must be {expected}, not \"{value}\".");
}
