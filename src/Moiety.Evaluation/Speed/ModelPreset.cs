using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Models.Configuration;

namespace Moiety.Evaluation.Speed;

/// <summary>A well-known shape to measure speed with, since speed does not depend on the weights' values.</summary>
/// <param name="Name">What users type.</param>
/// <param name="Summary">What it is.</param>
/// <param name="Config">The architecture.</param>
public sealed record ModelPreset(string Name, string Summary, ModelConfig Config)
{
    /// <summary>All shapes; a new one is a line here.</summary>
    public static ImmutableArray<ModelPreset> All { get; } =
    [
        new("llama-1b", "1.1 B parameters, dense (TinyLlama's shape)", Llama(32000, 2048, 22, 32, 4, 5632, tied: false)),
        new("llama-3.2-1b", "1.2 B parameters, dense, a large tied vocabulary (Llama 3.2's shape)", Llama(128256, 2048, 16, 32, 8, 8192, tied: true)),
        new("llama-160m", "0.16 B parameters, dense", Llama(32000, 768, 12, 12, 12, 3072, tied: false)),
        new("mixtral-1b", "1.3 B parameters, 0.4 B active: 8 experts, 2 per token", Mixtral()),
    ];

    /// <summary>Finds a shape by name.</summary>
    /// <exception cref="InvalidInputException">There is no such shape; the message lists the known ones.</exception>
    public static ModelPreset ByName(string name) =>
        All.FirstOrDefault(preset => string.Equals(preset.Name, name, StringComparison.OrdinalIgnoreCase))
        ?? throw new InvalidInputException($"there is no model shape \"{name}\"; known: {string.Join(", ", All.Select(preset => preset.Name))}.");

    private static ModelConfig Llama(int vocabulary, int hidden, int layers, int heads, int keyValueHeads, int intermediate, bool tied) => new()
    {
        Family = "llama",
        VocabularySize = vocabulary,
        HiddenSize = hidden,
        HeadCount = heads,
        KeyValueHeadCount = keyValueHeads,
        HeadSize = hidden / heads,
        ContextLength = 4096,
        NormEpsilon = 1e-5f,
        Rotary = new RotaryConfig { Theta = 10000 },
        TieWordEmbeddings = tied,
        FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = intermediate }, layers)],
    };

    private static ModelConfig Mixtral()
    {
        MoeConfig experts = new() { ExpertCount = 8, TopK = 2, ExpertIntermediateSize = 3584, NormalizeTopK = true };
        return Llama(32000, 1024, 14, 16, 4, 3584, tied: false) with
        {
            Family = "mixtral",
            FeedForwards = [.. Enumerable.Repeat(new FeedForwardConfig { IntermediateSize = 0, Moe = experts }, 14)],
        };
    }
}
