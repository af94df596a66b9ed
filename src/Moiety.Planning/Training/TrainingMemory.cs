using Moiety.Models.Configuration;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;

namespace Moiety.Planning.Training;

/// <summary>Bytes on one device that trains.</summary>
/// <param name="Weights">Its slice of all but the experts, and its experts.</param>
/// <param name="Gradients">Their gradients.</param>
/// <param name="States">Adam's moments and the 32-bit copy of the weights.</param>
/// <param name="Activations">What the backward pass needs of the forward pass, for a micro-batch.</param>
/// <param name="Buffers">Rows on their way to experts and back, and the logits.</param>
public readonly record struct TrainingMemory(double Weights, double Gradients, double States, double Activations, double Buffers)
{
    // Logits in 32 bits, and their gradient.
    private const double LogitBytes = 8;

    /// <summary>All of it.</summary>
    public double Total => Weights + Gradients + States + Activations + Buffers;

    /// <summary>The memory that a layout needs.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="layout">The layout.</param>
    /// <param name="workload">The training.</param>
    public static TrainingMemory Of(ModelCost cost, ParallelLayout layout, TrainingWorkload workload)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(workload);
        double tokens = (double)workload.MicroBatch * workload.SequenceLength;
        double shared = (double)cost.NonExpertParameters / layout.Tensor;
        double parameters = shared;
        double states = shared / (workload.ZeroStage >= 1 ? layout.Replicas : 1);
        double gradients = shared / (workload.ZeroStage >= 2 ? layout.Replicas : 1);
        double buffers = 0;
        foreach (MoeLayerLayout layer in layout.MoeLayers)
        {
            LayerCost one = cost.Layers[layer.Layer];
            double owned = one.ParametersPerExpert * (double)layer.ExpertsPerDevice / layer.ExpertSlice;
            parameters += owned;
            states += owned / (workload.ZeroStage >= 1 ? layer.DataParallel : 1);
            gradients += owned / (workload.ZeroStage >= 2 ? layer.DataParallel : 1);
            double rows = (tokens * one.TopK) + Received(layout, layer, one, tokens, workload.CapacityFactor);
            buffers = Math.Max(buffers, 2 * rows * cost.Config.HiddenSize * workload.ElementBytes);
        }

        double[] kept = [.. cost.Layers.Select(layer => KeptElements(cost.Config, layer, layout, tokens, workload))];
        double activations = workload.Recompute
            ? (tokens * cost.Config.HiddenSize * cost.Layers.Length) + kept.Max()
            : kept.Sum();
        return new TrainingMemory(
            parameters * workload.ElementBytes,
            gradients * workload.ElementBytes,
            states * workload.StateBytes,
            activations * workload.ElementBytes,
            buffers + (tokens * cost.Config.VocabularySize * LogitBytes / layout.Tensor));
    }

    // Elements of a layer that the backward pass needs: the inputs of both norms, of attention's four projections and its three operands, of
    // the feed-forward and of its second projection, with what a gate multiplies. Near the 34 bytes per token and element of width that
    // Korthikanti et al. (arXiv 2205.05198) count for a GPT, without dropout masks and scores, which attention in blocks does not keep.
    private static double KeptElements(ModelConfig config, LayerCost layer, ParallelLayout layout, double tokens, TrainingWorkload workload)
    {
        double hidden = config.HiddenSize;
        double attention = (3.0 * hidden) + ((2.0 * config.HeadCount + 2.0 * config.KeyValueHeadCount) * config.HeadSize / layout.Tensor);
        FeedForwardConfig feedForward = config.FeedForwards[layer.Layer];
        double inner = feedForward.Activation.IsGated() ? 3 : 2;
        double dense = (2 * hidden) + (inner * (feedForward.IntermediateSize + (feedForward.Moe?.SharedIntermediateSize ?? 0)) / layout.Tensor);
        double kept = tokens * (attention + dense);
        if (feedForward.Moe is { } moe && layout.MoeLayers.FirstOrDefault(one => one.Layer == layer.Layer) is { } place)
        {
            double rows = Received(layout, place, layer, tokens, workload.CapacityFactor);
            kept += rows * ((2 * hidden) + (inner * moe.ExpertIntermediateSize / place.ExpertSlice));
        }

        return kept;
    }

    private static double Received(ParallelLayout layout, MoeLayerLayout layer, LayerCost cost, double tokens, double capacity) =>
        tokens * layout.Replicas / layer.DataParallel * cost.TopK * capacity / layer.ExpertParallel;
}
