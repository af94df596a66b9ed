using System.Collections.Immutable;
using Moiety.Models.Configuration;
using Moiety.Models.Families;

namespace Moiety.Models.Experts;

/// <summary>Other numbers of experts for a model, as far as its family can express them.</summary>
internal static class ExpertCounts
{
    /// <summary>The numbers that a budget gives, or, where the family has one number for all layers, the smallest of them.</summary>
    /// <exception cref="InvalidInputException">The budget does not fit the model, or its family cannot express the result.</exception>
    public static (ModelConfig Config, ImmutableSortedDictionary<int, int> Counts, ImmutableArray<string> Notes) Fit(ModelConfig config, ExpertBudget budget, ImmutableArray<int> layers)
    {
        ImmutableSortedDictionary<int, int> counts = budget.Resolve(config, layers);
        ModelConfig resized = Resize(config, counts);
        if (FindObstacle(resized) is not { } obstacle)
        {
            return (resized, counts, []);
        }

        int smallest = counts.Values.Min();
        if (counts.Values.All(count => count == smallest))
        {
            throw new InvalidInputException($"a model of the family \"{config.Family}\" cannot have {smallest} experts: it needs that {obstacle}.");
        }

        if (!layers.IsDefault)
        {
            throw new InvalidInputException(
                $"a model of the family \"{config.Family}\" has equally many experts in every layer, so that some layers alone cannot have fewer. Leave the layers out.");
        }

        counts = counts.ToImmutableSortedDictionary(pair => pair.Key, _ => smallest);
        resized = Resize(config, counts);
        return FindObstacle(resized) is { } other
            ? throw new InvalidInputException($"a model of the family \"{config.Family}\" cannot have {smallest} experts: it needs that {other}.")
            : (resized, counts, [$"a model of the family \"{config.Family}\" has equally many experts in every layer: all get {smallest}, the smallest number."]);
    }

    /// <summary>The model with other numbers of experts.</summary>
    public static ModelConfig Resize(ModelConfig config, IReadOnlyDictionary<int, int> counts)
    {
        ModelConfig resized = config with
        {
            FeedForwards = [.. config.FeedForwards.Select((layer, index) => layer.Moe is { } moe && counts.TryGetValue(index, out int count)
                ? layer with { Moe = moe with { ExpertCount = count } }
                : layer)],
        };
        resized.Validate();
        return resized;
    }

    /// <summary>What a family needs that a configuration does not have, in the containers that it has; null when it can express it.</summary>
    public static string? FindObstacle(ModelConfig config)
    {
        ModelFamily family = ModelFamilies.Get(config.Family);
        return family.FindObstacle(config) ?? (family.HasGguf ? family.FindGgufObstacle(config) : null);
    }
}
