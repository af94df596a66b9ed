using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Models.Configuration;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;

namespace Moiety.Planning.Layouts;

/// <summary>
/// How a model is divided among devices (arXiv 2201.05596, sections 4.1.3 and 5.2): all but the experts is sliced over L devices and
/// copied W / L times; the experts of each layer are divided by their own degree. Without an override ep_l is the largest common divisor
/// of E_l and W.
/// </summary>
public sealed record ParallelLayout
{
    /// <summary>Devices, W.</summary>
    public required int Devices { get; init; }

    /// <summary>Tensor-slicing degree of all but the experts, L.</summary>
    public required int Tensor { get; init; }

    /// <summary>The MoE layers, in order.</summary>
    public required ImmutableArray<MoeLayerLayout> MoeLayers { get; init; }

    /// <summary>Copies of all but the experts, W / L, each for its share of the tokens.</summary>
    public int Replicas => Devices / Tensor;

    /// <summary>The layout that follows from the rules and from what the user fixed.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">The devices.</param>
    /// <param name="options">What is fixed; a tensor degree of null counts as 1 here.</param>
    /// <exception cref="InvalidInputException">Something does not divide what it should; the message names the value.</exception>
    public static ParallelLayout Create(ModelCost cost, Cluster cluster, LayoutOptions options)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(options);
        return FindError(cost, cluster, options) is { } error ? throw new InvalidInputException(error) : Build(cost, cluster, options);
    }

    /// <summary>
    /// The layouts to choose among: the one with the tensor degree that is fixed, or those with every degree within a node that divides
    /// devices and heads and allows the wanted kind of exchange.
    /// </summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">The devices.</param>
    /// <param name="options">What is fixed.</param>
    /// <param name="kind">How tokens are exchanged; null for any.</param>
    /// <returns>At least one layout; where none allows the kind, the first.</returns>
    /// <exception cref="InvalidInputException">A degree does not divide what it should.</exception>
    public static ImmutableArray<ParallelLayout> Candidates(ModelCost cost, Cluster cluster, LayoutOptions options, AllToAllKind? kind)
    {
        ImmutableArray<ParallelLayout> all = Possible(cost, cluster, options);
        if (all.IsEmpty)
        {
            return [Create(cost, cluster, options)];
        }

        ImmutableArray<ParallelLayout> allowed = [.. all.Where(layout => kind is not { } wanted || ExpertExchange.Kinds(cluster, layout).Contains(wanted))];
        return allowed.IsEmpty ? all[..1] : allowed;
    }

    /// <summary>The same for any kind of exchange, and none where what is fixed does not fit this number of devices.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">The devices.</param>
    /// <param name="options">What is fixed.</param>
    public static ImmutableArray<ParallelLayout> Possible(ModelCost cost, Cluster cluster, LayoutOptions options)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(options);
        IEnumerable<int> degrees = options.Tensor is { } tensor ? [tensor] : Enumerable.Range(1, Math.Min(cluster.DevicesPerNode, cluster.Devices));
        return
        [
            .. degrees.Select(degree => options with { Tensor = degree })
                .Where(one => FindError(cost, cluster, one) is null)
                .Select(one => Build(cost, cluster, one)),
        ];
    }

    private static ParallelLayout Build(ModelCost cost, Cluster cluster, LayoutOptions options) => new()
    {
        Devices = cluster.Devices,
        Tensor = options.Tensor ?? 1,
        MoeLayers = [.. MoeLayersOf(cost).Select((layer, index) => Divide(cost, layer, cluster, options, index))],
    };

    // Copies take what expert parallelism and slices leave over.
    private static MoeLayerLayout Divide(ModelCost cost, LayerCost layer, Cluster cluster, LayoutOptions options, int index)
    {
        int parallel = ExpertParallel(layer, cluster, options, index);
        int slice = options.ExpertSlice ?? (options.SliceSpareDevices && cluster.Devices > layer.ExpertCount
            ? GreatestCommonDivisor(GreatestCommonDivisor(cluster.Devices / parallel, cluster.DevicesPerNode), ExpertWidth(cost, layer))
            : 1);
        return new MoeLayerLayout(layer.Layer, layer.ExpertCount, parallel, slice, cluster.Devices / (parallel * slice));
    }

    private static string? FindError(ModelCost cost, Cluster cluster, LayoutOptions options)
    {
        LayerCost[] layers = [.. MoeLayersOf(cost)];
        if (options.ExpertParallel.Length > 1 && options.ExpertParallel.Length != layers.Length)
        {
            return $"expert-parallel degrees: {options.ExpertParallel.Length} entries for {layers.Length} MoE layers.";
        }

        if (layers.Length == 0 && (options.ExpertParallel.Length > 0 || options.ExpertSlice > 1))
        {
            return "the model has no experts that could be divided.";
        }

        return TensorError(cost.Config, cluster.Devices, options.Tensor ?? 1)
            ?? layers.Select((layer, index) => ExpertError(cost, layer, cluster, options, index)).FirstOrDefault(error => error is not null);
    }

    private static string? TensorError(ModelConfig config, int devices, int tensor)
    {
        if (tensor < 1)
        {
            return $"tensor degree: {tensor} is not a whole number from 1 on.";
        }

        if (devices % tensor != 0)
        {
            return $"tensor degree: {tensor} does not divide the {devices} devices.";
        }

        if (config.HeadCount % tensor != 0)
        {
            return $"tensor degree: {tensor} does not divide the {config.HeadCount} attention heads.";
        }

        return config.KeyValueHeadCount % tensor != 0 && tensor % config.KeyValueHeadCount != 0
            ? $"tensor degree: {tensor} and the {config.KeyValueHeadCount} key-value heads do not divide each other."
            : null;
    }

    private static string? ExpertError(ModelCost cost, LayerCost layer, Cluster cluster, LayoutOptions options, int index)
    {
        int devices = cluster.Devices;
        int parallel = ExpertParallel(layer, cluster, options, index);
        if (parallel < 1)
        {
            return $"layer {layer.Layer}: expert-parallel degree: {parallel} is not a whole number from 1 on.";
        }

        if (layer.ExpertCount % parallel != 0)
        {
            return $"layer {layer.Layer}: expert-parallel degree: {parallel} does not divide the {layer.ExpertCount} experts.";
        }

        if (devices % parallel != 0)
        {
            return $"layer {layer.Layer}: expert-parallel degree: {parallel} does not divide the {devices} devices.";
        }

        if (options.ExpertSlice is not { } slice)
        {
            return null;
        }

        if (slice < 1)
        {
            return $"layer {layer.Layer}: expert slices: {slice} is not a whole number from 1 on.";
        }

        if (slice > 1 && devices <= layer.ExpertCount)
        {
            return $"layer {layer.Layer}: expert slices: {slice}, but {devices} devices are not more than the {layer.ExpertCount} experts: divide the experts first.";
        }

        if (ExpertWidth(cost, layer) % slice != 0)
        {
            return $"layer {layer.Layer}: expert slices: {slice} does not divide the experts' width of {ExpertWidth(cost, layer)}.";
        }

        return devices / parallel % slice != 0
            ? $"layer {layer.Layer}: expert slices: {slice} times the expert-parallel degree {parallel} does not divide the {devices} devices."
            : null;
    }

    private static IEnumerable<LayerCost> MoeLayersOf(ModelCost cost) => cost.Layers.Where(layer => layer.ExpertCount > 0);

    private static int ExpertWidth(ModelCost cost, LayerCost layer) => cost.Config.FeedForwards[layer.Layer].Moe!.ExpertIntermediateSize;

    private static int ExpertParallel(LayerCost layer, Cluster cluster, LayoutOptions options, int index) => options.ExpertParallel.Length switch
    {
        0 => GreatestCommonDivisor(layer.ExpertCount, cluster.Devices),
        1 => options.ExpertParallel[0],
        _ => options.ExpertParallel[index],
    };

    private static int GreatestCommonDivisor(int a, int b) => b == 0 ? a : GreatestCommonDivisor(b, a % b);
}
