using System.Collections.Immutable;
using Moiety.Models;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;

namespace Moiety.Planning.Training;

/// <summary>
/// Predicts what training a model on a cluster takes. Computing, exchanges and all-reduces follow each other, and only the sums of gradients
/// overlap with computing, so a good system is faster; routing is taken as even.
/// </summary>
public static class TrainingPlanner
{
    /// <summary>The prediction for the best layout that fits: the shortest step over the tensor degrees and kinds that are not fixed.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">The devices.</param>
    /// <param name="workload">The training.</param>
    /// <param name="options">What is fixed.</param>
    /// <param name="kind">How tokens are exchanged; null to choose the fastest.</param>
    /// <returns>The best prediction that fits the memory, or, where none does, the one that needs least.</returns>
    /// <exception cref="InvalidInputException">A figure is out of range, or degrees do not divide what they should.</exception>
    public static TrainingPrediction Plan(ModelCost cost, Cluster cluster, TrainingWorkload workload, LayoutOptions options, AllToAllKind? kind = null)
    {
        ArgumentNullException.ThrowIfNull(workload);
        workload.Validate();
        TrainingPrediction[] predictions = [.. ParallelLayout.Candidates(cost, cluster, options, kind).Select(layout => Predict(cost, cluster, workload, layout, kind))];
        return predictions.Where(prediction => prediction.Fits).MinBy(prediction => prediction.StepSeconds)
            ?? predictions.MinBy(prediction => prediction.Memory.Total)!;
    }

    /// <summary>The prediction for a layout.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">The devices.</param>
    /// <param name="workload">The training.</param>
    /// <param name="layout">How the model is divided.</param>
    /// <param name="kind">How tokens are exchanged; null for the fastest.</param>
    /// <exception cref="InvalidInputException">The layout does not allow this kind.</exception>
    public static TrainingPrediction Predict(ModelCost cost, Cluster cluster, TrainingWorkload workload, ParallelLayout layout, AllToAllKind? kind = null)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(cluster);
        ArgumentNullException.ThrowIfNull(workload);
        ArgumentNullException.ThrowIfNull(layout);

        // A replica that gets less than a micro-batch computes what it gets.
        double sequences = (double)workload.BatchSequences / layout.Replicas;
        double rounds = Math.Max(1, sequences / workload.MicroBatch);
        double tokens = sequences * workload.SequenceLength / rounds;
        double flops = (double)workload.BatchSequences * workload.SequenceLength * cost.TrainingFlops(workload.SequenceLength);
        double peak = cluster.Devices * cluster.Peak(workload.Precision) * cluster.ComputeShare;
        double rowBytes = cost.Config.HiddenSize * workload.ElementBytes;
        ImmutableSortedDictionary<AllToAllKind, CollectiveCost> exchanges = Exchanges(cost, cluster, layout, workload, rounds, tokens, rowBytes, kind);
        TrainingMemory memory = TrainingMemory.Of(cost, layout, workload);
        return new TrainingPrediction
        {
            Model = cost,
            Cluster = cluster,
            Layout = layout,
            Workload = workload,
            Memory = memory,
            Kind = kind ?? exchanges.MinBy(entry => entry.Value.Seconds).Key,
            Exchanges = exchanges,
            StepFlops = flops,
            ComputeSeconds = flops * (workload.Recompute ? 4.0 / 3 : 1) / peak,
            TensorSeconds = rounds * TensorReduces(cost, cluster, layout, workload, tokens * rowBytes),
            Rounds = rounds,
            GradientSumSeconds = Gradients(cost, cluster, layout, workload.ElementBytes),

            // Weights and states are read and written, gradients read.
            OptimizerSeconds = ((2 * memory.States) + memory.Weights + memory.Gradients) / (cluster.MemoryBandwidth * cluster.BandwidthShare),
        };
    }

    /// <summary>The fewest devices of a kind on which a training fits: 1, 2, 4, … up to a node, then whole nodes.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="cluster">One device and one node; its number of devices does not count.</param>
    /// <param name="workload">The training.</param>
    /// <param name="options">What is fixed; degrees that do not divide a number of devices rule it out.</param>
    /// <returns>The prediction for it, or null when it fits on none of up to 4,096 nodes.</returns>
    public static TrainingPrediction? Smallest(ModelCost cost, Cluster cluster, TrainingWorkload workload, LayoutOptions options)
    {
        ArgumentNullException.ThrowIfNull(cluster);
        foreach (int devices in DeviceCounts.Of(cluster))
        {
            Cluster smaller = cluster with { Devices = devices };
            TrainingPrediction? fitting = ParallelLayout.Possible(cost, smaller, options)
                .Select(layout => Predict(cost, smaller, workload, layout)).Where(prediction => prediction.Fits).MinBy(prediction => prediction.StepSeconds);
            if (fitting is not null)
            {
                return fitting;
            }
        }

        return null;
    }

    // Two in the forward pass of a layer, two in the backward pass (Megatron); those of the forward pass again when it is repeated.
    private static double TensorReduces(ModelCost cost, Cluster cluster, ParallelLayout layout, TrainingWorkload workload, double bytes)
    {
        double passes = workload.Recompute ? 3 : 2;
        double perLayer = cost.Layers.Sum(layer => layer.ExpertCount > 0 && layer.DenseParameters + layer.SharedParameters == 0 ? 1.0 : 2.0);
        return passes * perLayer * Collectives.AllReduce(cluster, layout.Tensor, bytes).Seconds;
    }

    // Ranks of a replica group are L apart, those of an expert's copies ep s apart, so that both cross nodes as soon as the devices do.
    private static double Gradients(ModelCost cost, Cluster cluster, ParallelLayout layout, double elementBytes)
    {
        double seconds = Reduce(layout.Replicas, layout.Devices, cost.NonExpertParameters * elementBytes / layout.Tensor);
        foreach (MoeLayerLayout layer in layout.MoeLayers)
        {
            double owned = cost.Layers[layer.Layer].ParametersPerExpert * (double)layer.ExpertsPerDevice / layer.ExpertSlice;
            seconds += Reduce(layer.DataParallel, layout.Devices, owned * elementBytes);
        }

        return seconds;

        double Reduce(int copies, int span, double bytes) =>
            copies == 1 ? 0 : cluster.LinkOf(span).Seconds(2 * (copies - 1), 2 * bytes * (copies - 1) / copies);
    }

    // Two all-to-alls in the forward pass and two in the backward pass of each micro-batch.
    private static ImmutableSortedDictionary<AllToAllKind, CollectiveCost> Exchanges(
        ModelCost cost, Cluster cluster, ParallelLayout layout, TrainingWorkload workload, double rounds, double tokens, double rowBytes, AllToAllKind? wanted)
    {
        double passes = workload.Recompute ? 3 : 2;
        IEnumerable<AllToAllKind> kinds = ExpertExchange.Kinds(cluster, layout);
        return (wanted is { } kind ? kinds.Append(kind).Distinct() : kinds).ToImmutableSortedDictionary(
            each => each,
            each => rounds * passes * layout.MoeLayers.Aggregate(default(CollectiveCost), (sum, layer) => sum + ExpertExchange.Of(
                cluster, layer, layout.Tensor, tokens * workload.CapacityFactor, cost.Layers[layer.Layer].TopK, rowBytes, each).Total));
    }
}
