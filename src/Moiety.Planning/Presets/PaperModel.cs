using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Models.Configuration;

namespace Moiety.Planning.Presets;

/// <summary>A model of DeepSpeed-MoE (arXiv 2201.05596), with what the paper publishes of it.</summary>
/// <param name="Name">What users type.</param>
/// <param name="Label">What the paper calls it.</param>
/// <param name="Shape">Its sizes.</param>
/// <param name="PublishedBillions">Its size in billions of parameters as published, or null.</param>
/// <param name="CountsEmbedding">
/// Whether the published size counts the embedding. Names of dense models do, as GPT-3's; those of the MoE tables do not: without it
/// four rows come out to the last digit (349.0, 1046.9, 2024.0, and the 805 M outside the experts of the first).
/// </param>
/// <param name="PublishedLayers">The depth that the table prints, where it is another than that of <paramref name="Shape"/>.</param>
/// <param name="TensorParallel">Tensor-slicing degree of the paper's inference table; 0 when the model is not in it.</param>
/// <param name="Source">Where it is published.</param>
public sealed record PaperModel(
    string Name, string Label, GptShape Shape, double? PublishedBillions, bool CountsEmbedding, int? PublishedLayers, int TensorParallel, string Source)
{
    /// <summary>All models; a new one is a line here.</summary>
    public static ImmutableArray<PaperModel> All { get; } =
    [
        new("350m", "350M dense", Dense(24, 1024, 16), 0.35, true, null, 0, "table 2"),
        new("1.3b", "1.3B dense", Dense(24, 2048, 16), 1.3, true, null, 0, "table 2"),
        new("6.7b", "6.7B dense", Dense(32, 4096, 32), 6.7, true, null, 0, "table 2"),
        new("175b", "175B dense", Dense(96, 12288, 96), 175, true, null, 0, "section 5.5.4"),
        new("moe-350m-128", "350M+MoE-128", Moe(24, 1024, 16), 13, false, null, 0, "table 2"),
        new("moe-1.3b-128", "1.3B+MoE-128", Moe(24, 2048, 16), 52, false, null, 1, "tables 2 and 6"),
        new("moe-2.4b-128", "2.4B+MoE-128", Moe(16, 3584, 28), 107.7, false, null, 1, "table 6"),
        new("moe-8b-128", "8B+MoE-128", Moe(40, 4096, 32), 349.0, false, 30, 4, "table 6"),
        new("moe-24b-128", "24B+MoE-128", Moe(30, 8192, 64), 1064.9, false, 40, 8, "table 6"),
        new("moe-47b-128", "47B+MoE-128", Moe(58, 8192, 64), 2024.0, false, null, 8, "table 6"),
        new("pr-moe-350m-32-64", "350M+PR-MoE-32/64", Pyramid(24, 1024, 32, 64), 4, false, null, 0, "table 2"),
        new("pr-moe-1.3b-64-128", "1.3B+PR-MoE-64/128", Pyramid(24, 2048, 64, 128), 31, false, null, 0, "table 2"),
        new("mos-350m-32-64", "350M+PR-MoE+L21+MoS", Pyramid(21, 1024, 32, 64), 3.5, false, null, 0, "table 2"),
        new("mos-1.3b-64-128", "1.3B+PR-MoE+L21+MoS", Pyramid(21, 2048, 64, 128), 27, false, null, 0, "table 2"),
        new("pr-moe-2.4b-64-128", "2.4B+PR-MoE-64/128", Pyramid(16, 3584, 64, 128, 28), null, false, null, 1, "sizes not published"),
        new("pr-moe-8b-64-128", "8B+PR-MoE-64/128", Pyramid(40, 4096, 64, 128, 32), null, false, null, 4, "sizes not published"),
        new("mos-8b-64-128", "8B+PR-MoE+L35+MoS", Pyramid(35, 4096, 64, 128, 32), null, false, null, 4, "sizes not published"),
        new("pr-moe-24b-64-128", "24B+PR-MoE-64/128", Pyramid(30, 8192, 64, 128, 64), null, false, null, 8, "sizes not published"),
        new("mos-24b-64-128", "24B+PR-MoE+L26+MoS", Pyramid(26, 8192, 64, 128, 64), null, false, null, 8, "sizes not published"),
        new("pr-moe-47b-64-128", "47B+PR-MoE-64/128", Pyramid(58, 8192, 64, 128, 64), null, false, null, 8, "sizes not published"),
        new("mos-47b-64-128", "47B+PR-MoE+L51+MoS", Pyramid(51, 8192, 64, 128, 64), null, false, null, 8, "sizes not published"),
    ];

    /// <summary>The model as a configuration.</summary>
    public ModelConfig Config => Shape.ToConfig();

    /// <summary>Finds a model by name, or null.</summary>
    public static PaperModel? Find(string name) => All.FirstOrDefault(model => string.Equals(model.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>Finds a model by name.</summary>
    /// <exception cref="InvalidInputException">There is none; the message lists the names.</exception>
    public static PaperModel ByName(string name) => Find(name)
        ?? throw new InvalidInputException($"there is no model of the paper \"{name}\"; known: {string.Join(", ", All.Select(model => model.Name))}.");

    private static GptShape Dense(int layers, int hidden, int heads) => new() { Layers = layers, Hidden = hidden, Heads = heads };

    private static GptShape Moe(int layers, int hidden, int heads) =>
        Dense(layers, hidden, heads) with { Experts = [.. Enumerable.Repeat(128, layers / 2)] };

    // The last two MoE layers have more experts (section 4.1.2).
    private static GptShape Pyramid(int layers, int hidden, int few, int many, int heads = 16) => Dense(layers, hidden, heads) with
    {
        Experts = [.. Enumerable.Repeat(few, (layers / 2) - 2), many, many],
        Residual = true,
    };
}
