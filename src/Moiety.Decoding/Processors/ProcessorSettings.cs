using System.Collections.Immutable;
using Moiety.Models.Tokenizers;

namespace Moiety.Decoding.Processors;

/// <summary>What users ask of processors: parameters by name, and what the processors draw and read with.</summary>
public sealed record ProcessorSettings
{
    /// <summary>Numbers by parameter name.</summary>
    public IReadOnlyDictionary<string, double> Numbers { get; init; } = ImmutableDictionary<string, double>.Empty;

    /// <summary>Texts by parameter name.</summary>
    public IReadOnlyDictionary<string, ImmutableArray<string>> Texts { get; init; } = ImmutableDictionary<string, ImmutableArray<string>>.Empty;

    /// <summary>Seed of the processors that draw at random.</summary>
    public ulong Seed { get; init; }

    /// <summary>Turns texts into tokens. Null where none is at hand: texts that a user gave are then refused, texts by default left out.</summary>
    public Tokenizer? Tokenizer { get; init; }

    /// <summary>The number of a parameter that is given or has a default.</summary>
    /// <exception cref="KeyNotFoundException">It is neither.</exception>
    public double Number(string name) => Numbers[name];

    /// <summary>The texts of a parameter, or default where none was given.</summary>
    public ImmutableArray<string> TextsOf(string name) => Texts.GetValueOrDefault(name);

    /// <summary>Whether a parameter is given.</summary>
    public bool Has(string name) => Numbers.ContainsKey(name) || Texts.ContainsKey(name);
}
