using System.Collections.Immutable;
using Moiety.Models.Checkpoints;
using Moiety.Models.Configuration;

namespace Moiety.Models.Experts;

/// <summary>
/// Averages experts that are alike, weighted by use. The row that a router gets for several experts is their average: the softmax of the
/// group together is that of the logarithm of a sum of exponentials, of which the average with the shares as weights, plus the entropy of
/// the shares, is the tangent from below; the entropy goes into the router's bias where the model has one.
/// </summary>
public static class ExpertMerging
{
    /// <summary>Inner width above which units are not put in order: the assignment takes width^2 numbers and about width^3 steps for each expert.</summary>
    public const int LargestAlignedWidth = 4096;

    /// <summary>Forms groups.</summary>
    /// <param name="config">The model.</param>
    /// <param name="budget">How many experts are left.</param>
    /// <param name="features">[layer with experts][expert]: a vector; experts with near ones are alike.</param>
    /// <param name="use">[layer with experts][expert]: how much it is used, not negative; a group that nobody used is averaged evenly.</param>
    /// <param name="layers">The layers whose experts are merged, default for all.</param>
    /// <exception cref="InvalidInputException">The budget does not fit the model, or its family cannot express the result.</exception>
    public static MergePlan Plan(
        ModelConfig config,
        ExpertBudget budget,
        IReadOnlyDictionary<int, ImmutableArray<float[]>> features,
        IReadOnlyDictionary<int, ImmutableArray<double>> use,
        ImmutableArray<int> layers = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentNullException.ThrowIfNull(budget);
        ArgumentNullException.ThrowIfNull(features);
        ArgumentNullException.ThrowIfNull(use);
        (ModelConfig merged, ImmutableSortedDictionary<int, int> counts, ImmutableArray<string> notes) = ExpertCounts.Fit(config, budget, layers);
        ImmutableSortedDictionary<int, ImmutableArray<ImmutableArray<int>>> groups = counts.ToImmutableSortedDictionary(
            pair => pair.Key, pair => Group(config.FeedForwards[pair.Key].Moe!, pair.Value, features[pair.Key]));
        return new MergePlan(merged, groups, groups.ToImmutableSortedDictionary(pair => pair.Key, pair => Share(pair.Value, use[pair.Key])), notes);
    }

    /// <summary>The router's rows of each layer, of length 1: experts that the router takes for alike have near ones. Under hash routing all are 0.</summary>
    /// <param name="model">The model.</param>
    public static ImmutableSortedDictionary<int, ImmutableArray<float[]>> RouterRows(Checkpoint model)
    {
        ArgumentNullException.ThrowIfNull(model);
        return Enumerable.Range(0, model.Config.LayerCount)
            .Where(layer => model.Config.FeedForwards[layer].Moe is not null)
            .ToImmutableSortedDictionary(layer => layer, layer => RowsOf(model, layer));
    }

    /// <summary>The model with merged experts, which are computed when they are first asked for. The source must stay open.</summary>
    /// <exception cref="InvalidInputException">Experts are too wide to be put in order.</exception>
    public static Checkpoint Apply(Checkpoint source, MergePlan plan, MergeOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(plan);
        options ??= new MergeOptions();
        int widest = plan.Groups.Keys.Max(layer => source.Config.FeedForwards[layer].Moe!.ExpertIntermediateSize);
        return options.Align && widest > LargestAlignedWidth
            ? throw new InvalidInputException($"experts of {widest} units are too wide to be put in order before they are averaged; the limit is {LargestAlignedWidth}. Merge them as they are.")
            : new MergedCheckpoint(source, plan, options);
    }

    private static ImmutableArray<float[]> RowsOf(Checkpoint model, int layer)
    {
        if (model.Config.FeedForwards[layer].Moe is { Gating: GatingKind.Hash } hashed)
        {
            return [.. Enumerable.Repeat(new float[1], hashed.ExpertCount)];
        }

        TensorSpec router = TensorCatalog.For(model.Config).First(tensor => tensor.Role == TensorRole.Router && tensor.Layer == layer);
        float[] values = TensorValues.Read(model, router);
        return [.. Enumerable.Range(0, router.Rows).Select(row => Normalize(values[(row * router.Columns)..((row + 1) * router.Columns)]))];
    }

    private static float[] Normalize(float[] row)
    {
        double length = Math.Sqrt(row.Sum(value => (double)value * value));
        return length > 0 ? [.. row.Select(value => (float)(value / length))] : row;
    }

    private static ImmutableArray<ImmutableArray<int>> Group(MoeConfig moe, int count, ImmutableArray<float[]> features)
    {
        int size = moe.ExpertCount / moe.GroupCount;
        double[,] distances = new double[moe.ExpertCount, moe.ExpertCount];
        for (int one = 0; one < moe.ExpertCount; one++)
        {
            for (int other = 0; other < one; other++)
            {
                distances[one, other] = distances[other, one] = Math.Sqrt(features[one].Zip(features[other], (a, b) => ((double)a - b) * (a - b)).Sum());
            }
        }

        return [.. Enumerable.Range(0, moe.GroupCount).SelectMany(group => ExpertClusters.Find(
            [.. Enumerable.Range(group * size, size)], (one, other) => distances[one, other], count / moe.GroupCount))];
    }

    private static ImmutableArray<double> Share(ImmutableArray<ImmutableArray<int>> groups, ImmutableArray<double> use)
    {
        double[] shares = new double[use.Length];
        foreach (ImmutableArray<int> group in groups)
        {
            double total = group.Sum(expert => use[expert]);
            foreach (int expert in group)
            {
                shares[expert] = total > 0 ? use[expert] / total : 1.0 / group.Length;
            }
        }

        return [.. shares];
    }
}
