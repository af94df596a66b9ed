using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;

namespace Moiety.Planning.Serving;

/// <summary>
/// Predicts what serving a model on a cluster takes. A layer's time is the longer of reading its weights and computing, as a roofline has
/// it; layers, exchanges and all-reduces follow each other, nothing overlaps. Routing is taken as even.
/// </summary>
public static class ServingPlanner
{
    /// <summary>The prediction for the best layout that fits: the lowest latency over the tensor degrees and kinds that are not fixed.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">The devices.</param>
    /// <param name="workload">The work.</param>
    /// <param name="options">What is fixed.</param>
    /// <param name="kind">How tokens are exchanged; null to choose the fastest.</param>
    /// <returns>The best prediction that fits the memory, or, where none does, the one that needs least.</returns>
    /// <exception cref="InvalidInputException">A figure is out of range, or degrees do not divide what they should.</exception>
    public static ServingPrediction Plan(ModelCost cost, Cluster cluster, ServingWorkload workload, LayoutOptions options, AllToAllKind? kind = null)
    {
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(options);
        workload.Validate();
        ServingPrediction[] predictions = [.. ParallelLayout.Candidates(cost, cluster, options with { SliceSpareDevices = true }, kind).Select(layout => Predict(cost, cluster, workload, layout, kind))];
        return predictions.Where(prediction => prediction.Fits).MinBy(prediction => prediction.Latency)
            ?? predictions.MinBy(prediction => prediction.Memory.Total)!;
    }

    /// <summary>The prediction for a layout.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">The devices.</param>
    /// <param name="workload">The work.</param>
    /// <param name="layout">How the model is divided.</param>
    /// <param name="kind">How tokens are exchanged; null for the fastest.</param>
    /// <exception cref="InvalidInputException">The layout does not allow this kind.</exception>
    public static ServingPrediction Predict(ModelCost cost, Cluster cluster, ServingWorkload workload, ParallelLayout layout, AllToAllKind? kind = null)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(layout);
        double tokens = workload.SequencesPerDevice * layout.Tensor;
        double bandwidth = cluster.MemoryBandwidth * cluster.BandwidthShare;
        double peak = cluster.Peak(workload.Precision) * cluster.ComputeShare;
        double rowBytes = cost.Config.HiddenSize * workload.RowBytes;
        Dictionary<int, MoeLayerLayout> moeLayers = layout.MoeLayers.ToDictionary(layer => layer.Layer);
        double nonExpertBytes = 0, expertBytes = 0, keyValues = 0, nonExpert = 0, experts = 0, reduces = 0;
        foreach (LayerCost layer in cost.Layers)
        {
            double seen = layer.Window > 0 ? Math.Min(layer.Window, workload.Context) : workload.Context;
            double keyValueBytes = tokens * seen * layer.KeyValueElements * workload.KeyValueBytes / ServingMemory.KeyValueDegree(cost, layout.Tensor);
            double bytes = layer.ActiveNonExpertParameters * workload.Storage.Other / layout.Tensor;
            ForwardFlops flops = layer.ProductFlops with { Scores = layer.ScoreFlopsPerKey * seen, Experts = 0 };
            nonExpert += Math.Max((bytes + keyValueBytes) / bandwidth, tokens * flops.Total / layout.Tensor / peak);
            nonExpertBytes += bytes;
            keyValues += keyValueBytes;
            bool hasSliced = true;
            if (moeLayers.TryGetValue(layer.Layer, out MoeLayerLayout? moe))
            {
                double served = tokens * layout.Replicas / moe.DataParallel;
                double read = ExpertVisits.ExpectedBusiest(layer.ExpertCount, layer.TopK, served, moe.ExpertParallel)
                    * layer.ParametersPerExpert * workload.Storage.Expert / moe.ExpertSlice;
                double computed = served * layer.ProductFlops.Experts / moe.ExpertParallel / moe.ExpertSlice;
                experts += Math.Max(read / bandwidth, computed / peak);
                expertBytes += read;
                hasSliced = layer.DenseParameters + layer.SharedParameters > 0;
            }

            // One after attention, one after what of the feed-forward is sliced.
            reduces += (hasSliced ? 2 : 1) * Collectives.AllReduce(cluster, layout.Tensor, tokens * rowBytes).Seconds;
        }

        double outside = cost.ActiveOutsideParameters * workload.Storage.Other / layout.Tensor;
        nonExpert += Math.Max(outside / bandwidth, tokens * cost.Forward(1).Head / layout.Tensor / peak);
        ImmutableSortedDictionary<AllToAllKind, CollectiveCost> exchanges = Exchanges(cost, cluster, layout, tokens, rowBytes, kind);
        return new ServingPrediction
        {
            Model = cost,
            Cluster = cluster,
            Layout = layout,
            Workload = workload,
            Memory = ServingMemory.Of(cost, layout, workload),
            Kind = kind ?? exchanges.MinBy(entry => entry.Value.Seconds).Key,
            Exchanges = exchanges,
            CriticalBytes = nonExpertBytes + outside + expertBytes,
            CriticalExpertBytes = expertBytes,
            KeyValueBytes = keyValues,
            NonExpertSeconds = nonExpert,
            ExpertSeconds = experts,
            TensorSeconds = reduces,
            OverheadSeconds = cost.Layers.Length * cluster.LayerOverhead,
        };
    }

    /// <summary>
    /// The fewest devices of a kind on which a model fits, with the same work for each device: 1, 2, 4, … up to a node, then whole nodes.
    /// </summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">One device and one node; its number of devices does not count.</param>
    /// <param name="workload">The work.</param>
    /// <param name="options">What is fixed; degrees that do not divide a number of devices rule it out.</param>
    /// <returns>The prediction for it, or null when it fits on none of up to 4,096 nodes.</returns>
    public static ServingPrediction? Smallest(ModelCost cost, Cluster cluster, ServingWorkload workload, LayoutOptions options)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(options);
        foreach (int devices in DeviceCounts.Of(cluster))
        {
            Cluster smaller = cluster with { Devices = devices };
            ServingPrediction? fitting = ParallelLayout.Possible(cost, smaller, options with { SliceSpareDevices = true })
                .Select(layout => Predict(cost, smaller, workload, layout)).Where(prediction => prediction.Fits).MinBy(prediction => prediction.Latency);
            if (fitting is not null)
            {
                return fitting;
            }
        }

        return null;
    }

    private static ImmutableSortedDictionary<AllToAllKind, CollectiveCost> Exchanges(
        ModelCost cost, Cluster cluster, ParallelLayout layout, double tokens, double rowBytes, AllToAllKind? wanted)
    {
        IEnumerable<AllToAllKind> kinds = ExpertExchange.Kinds(cluster, layout);
        return (wanted is { } kind ? kinds.Append(kind).Distinct() : kinds).ToImmutableSortedDictionary(
            each => each,
            each => layout.MoeLayers.Aggregate(default(CollectiveCost), (sum, layer) =>
                sum + ExpertExchange.Of(cluster, layer, layout.Tensor, tokens, cost.Layers[layer.Layer].TopK, rowBytes, each).Total));
    }
}
