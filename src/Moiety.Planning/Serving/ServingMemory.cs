using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;

namespace Moiety.Planning.Serving;

/// <summary>Bytes on one device that serves: the device with the most.</summary>
/// <param name="NonExpert">Its slice of all but the experts.</param>
/// <param name="Experts">Its experts.</param>
/// <param name="KeyValues">Keys and values of its sequences.</param>
/// <param name="Buffers">Rows on their way to experts and back, and the logits.</param>
public readonly record struct ServingMemory(double NonExpert, double Experts, double KeyValues, double Buffers)
{
    private const int LogitBytes = 4;

    /// <summary>All of it.</summary>
    public double Total => NonExpert + Experts + KeyValues + Buffers;

    /// <summary>The memory that a layout needs.</summary>
    /// <param name="cost">The model.</param>
    /// <param name="layout">The layout.</param>
    /// <param name="workload">The work.</param>
    public static ServingMemory Of(ModelCost cost, ParallelLayout layout, ServingWorkload workload)
    {
        ArgumentNullException.ThrowIfNull(cost);
        ArgumentNullException.ThrowIfNull(layout);
        ArgumentNullException.ThrowIfNull(workload);
        double tokens = workload.SequencesPerDevice * layout.Tensor;
        double experts = 0;
        double rows = 2 * tokens * cost.Config.HiddenSize * workload.RowBytes;
        foreach (MoeLayerLayout layer in layout.MoeLayers)
        {
            LayerCost one = cost.Layers[layer.Layer];
            experts += one.ParametersPerExpert * (double)layer.ExpertsPerDevice / layer.ExpertSlice;
            double received = tokens * layout.Replicas / layer.DataParallel * one.TopK / layer.ExpertParallel;
            double sent = tokens * one.TopK;
            rows = Math.Max(rows, 2 * (sent + received) * cost.Config.HiddenSize * workload.RowBytes);
        }

        return new ServingMemory(
            cost.NonExpertParameters * workload.Storage.Other / layout.Tensor,
            experts * workload.Storage.Expert,
            tokens * workload.Context * cost.KeyValueElements * workload.KeyValueBytes / KeyValueDegree(cost, layout.Tensor),
            rows + (tokens * cost.Config.VocabularySize * LogitBytes / layout.Tensor));
    }

    /// <summary>Devices of a tensor group among which keys and values are divided: no more than there are heads; latent ones are on each.</summary>
    internal static int KeyValueDegree(ModelCost cost, int tensor) =>
        cost.Config.Attention.Latent is null ? Math.Min(tensor, cost.Config.KeyValueHeadCount) : 1;
}
