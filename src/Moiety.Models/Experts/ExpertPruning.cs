using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>
/// Takes experts away from a model: routers lose their rows, the rest stays as it is. Where weights are a softmax that is not normalized
/// over the chosen experts, those of the experts that stay grow, since they share what the others had;
/// <see cref="Apply"/> can scale the experts' outputs against it.
/// </summary>
public static class ExpertPruning
{
    /// <summary>Chooses the experts that stay: those of the highest scores, ties to the lower id, equally many of each group.</summary>
    /// <param name="config">The model.</param>
    /// <param name="budget">How many stay.</param>
    /// <param name="scores">[layer with experts][expert]: how much an expert is worth; a layer that keeps all of its experts needs none.</param>
    /// <param name="layers">The layers to prune, default for all.</param>
    /// <exception cref="InvalidInputException">The budget does not fit the model, or its family cannot express the result.</exception>
    public static PruningPlan Plan(ModelConfig config, ExpertBudget budget, IReadOnlyDictionary<int, ImmutableArray<double>> scores, ImmutableArray<int> layers = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(budget);
        ArgumentNullException.ThrowIfNull(scores);
        (ModelConfig pruned, ImmutableSortedDictionary<int, int> counts, ImmutableArray<string> notes) = ExpertCounts.Fit(config, budget, layers);
        ImmutableSortedDictionary<int, ImmutableArray<int>> kept = counts.ToImmutableSortedDictionary(pair => pair.Key, pair => Best(config.FeedForwards[pair.Key].Moe!, pair.Value, scores.GetValueOrDefault(pair.Key)));
        return new PruningPlan(pruned, kept, notes);
    }

    /// <summary>The plan that takes one expert away from one layer; the other layers stay as they are.</summary>
    /// <remarks>For measurements: the family of the model need not be able to express it.</remarks>
    /// <param name="config">The model.</param>
    /// <param name="layer">A layer that has more experts than a token visits, in no groups.</param>
    /// <param name="expert">The expert that goes.</param>
    public static PruningPlan Without(ModelConfig config, int layer, int expert)
    {
        ArgumentNullException.ThrowIfNull(config);
        PruningPlan whole = Whole(config);
        ImmutableSortedDictionary<int, ImmutableArray<int>> kept = whole.Kept.SetItem(layer, whole.Kept[layer].Remove(expert));
        return new PruningPlan(ExpertCounts.Resize(config, kept.ToDictionary(pair => pair.Key, pair => pair.Value.Length)), kept, []);
    }

    /// <summary>A model in which one expert of one layer gives nothing; tokens go to it as before. It stays a view of the source.</summary>
    /// <param name="source">The model, which must stay open.</param>
    /// <param name="layer">A layer with experts.</param>
    /// <param name="expert">The expert.</param>
    public static Checkpoint Silence(Checkpoint source, int layer, int expert)
    {
        ArgumentNullException.ThrowIfNull(source);
        PruningPlan whole = Whole(source.Config);
        ImmutableArray<double> scales = [.. whole.Kept[layer].Select(other => other == expert ? 0.0 : 1)];
        return Apply(source, whole, new Dictionary<int, ImmutableArray<double>> { [layer] = scales });
    }

    /// <summary>The model without the other experts. It stays a view of the source, which must stay open.</summary>
    /// <param name="source">The model.</param>
    /// <param name="plan">Which experts stay.</param>
    /// <param name="scales">[layer][expert that stays]: factors of the experts' outputs, or null for none.</param>
    public static Checkpoint Apply(Checkpoint source, PruningPlan plan, IReadOnlyDictionary<int, ImmutableArray<double>>? scales = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(plan);
        return new PrunedCheckpoint(source, plan, scales);
    }

    private static PruningPlan Whole(ModelConfig config) => new(
        config,
        Enumerable.Range(0, config.LayerCount)
            .Where(layer => config.FeedForwards[layer].Moe is not null)
            .ToImmutableSortedDictionary(layer => layer, layer => ImmutableArray.CreateRange(Enumerable.Range(0, config.FeedForwards[layer].Moe!.ExpertCount))),
        []);

    private static ImmutableArray<int> Best(MoeConfig moe, int count, ImmutableArray<double> scores)
    {
        if (count == moe.ExpertCount)
        {
            return [.. Enumerable.Range(0, count)];
        }

        if (scores.IsDefault || scores.Length != moe.ExpertCount)
        {
            throw new ArgumentException($"There must be a score for each of the {moe.ExpertCount} experts.", nameof(scores));
        }

        int size = moe.ExpertCount / moe.GroupCount;
        return [.. Enumerable.Range(0, moe.ExpertCount)
            .GroupBy(expert => expert / size)
            .SelectMany(group => group.OrderByDescending(expert => scores[expert]).ThenBy(expert => expert).Take(count / moe.GroupCount))
            .Order()];
    }
}
