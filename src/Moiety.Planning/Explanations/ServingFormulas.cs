using System.Collections.Immutable;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;
using Moiety.Planning.Layouts;
using Moiety.Planning.Serving;

namespace Moiety.Planning.Explanations;

/// <summary>Every formula behind a <see cref="ServingPrediction"/>, with its numbers.</summary>
public static class ServingFormulas
{
    /// <summary>The formulas in the order in which they are computed.</summary>
    public static ImmutableArray<Formula> Of(ServingPrediction prediction)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return [.. Model(prediction.Model), .. LayoutFormulas.Of(prediction.Layout), .. Memory(prediction), .. Reading(prediction), .. Exchange(prediction), .. Result(prediction)];
    }

    private static IEnumerable<Formula> Model(ModelCost cost)
    {
        yield return new Formula("parameters", "sum of rows * columns over all tensors", $"{cost.ExpertParameters:#,0} in experts + {cost.NonExpertParameters:#,0} in all else", $"{cost.Parameters:#,0}");
        yield return new Formula("active parameters", "all that a token multiplies with: of E experts only k", "", $"{cost.ActiveParameters:#,0}");
    }

    private static IEnumerable<Formula> Memory(ServingPrediction prediction)
    {
        ServingWorkload workload = prediction.Workload;
        ServingMemory memory = prediction.Memory;
        int tensor = prediction.Layout.Tensor;
        double tokens = workload.SequencesPerDevice * tensor;
        yield return new Formula("memory: all but the experts", "P_other b / L", $"{prediction.Model.NonExpertParameters:#,0} * {workload.Storage.Other:0.###} / {tensor}", Units.Bytes(memory.NonExpert));
        yield return new Formula("memory: experts", "sum over MoE layers of E / ep * P_expert b / s", $"{workload.Storage.Expert:0.###} bytes a parameter", Units.Bytes(memory.Experts));
        yield return new Formula("memory: keys and values", "t c N_kv b_kv / min(L, heads), t = b L sequences of a replica",
            $"{tokens:0.##} * {workload.Context} * {prediction.Model.KeyValueElements:#,0} * {workload.KeyValueBytes} / {ServingMemory.KeyValueDegree(prediction.Model, tensor)}", Units.Bytes(memory.KeyValues));
        yield return new Formula("memory: buffers", "2 (rows sent + rows received) M b_row, and t V 4 / L of logits", "", Units.Bytes(memory.Buffers));
    }

    private static IEnumerable<Formula> Reading(ServingPrediction prediction)
    {
        Cluster cluster = prediction.Cluster;
        ServingWorkload workload = prediction.Workload;
        foreach (IGrouping<MoeLayerLayout, MoeLayerLayout> group in prediction.Layout.MoeLayers.GroupBy(layer => layer with { Layer = 0 }))
        {
            LayerCost layer = prediction.Model.Layers[group.First().Layer];
            double served = workload.SequencesPerDevice * cluster.Devices / group.Key.DataParallel;
            yield return new Formula(
                $"experts read by the busiest device, {group.Count()} layer{(group.Count() == 1 ? "" : "s")}",
                "q = 1 - (1 - k/E)^B; sum over x < E/ep of 1 - F(x; E/ep, q)^ep",
                $"k = {layer.TopK}, E = {layer.ExpertCount}, B = {served:0.##}, ep = {group.Key.ExpertParallel}; all devices together read {ExpertVisits.ExpectedDistinct(layer.ExpertCount, layer.TopK, served):0.0}",
                $"{ExpertVisits.ExpectedBusiest(layer.ExpertCount, layer.TopK, served, group.Key.ExpertParallel):0.00} of {group.Key.ExpertsPerDevice}");
        }

        yield return new Formula("critical data path", "P_other,active b / L + sum of experts read * P_expert b / s",
            $"{Units.Bytes(prediction.CriticalBytes - prediction.CriticalExpertBytes)} + {Units.Bytes(prediction.CriticalExpertBytes)}", Units.Bytes(prediction.CriticalBytes));
        string roofline = $"{Units.Bytes(cluster.MemoryBandwidth)}/s * {cluster.BandwidthShare:0.##}, {Units.Flops(cluster.Peak(workload.Precision))}/s * {cluster.ComputeShare:0.##}";
        yield return new Formula("time: all but the experts", "sum over layers of max((weights + keys and values) / bandwidth, t FLOP / L / peak)", roofline, Units.Time(prediction.NonExpertSeconds));
        yield return new Formula("time: experts", "sum over MoE layers of max(weights read / bandwidth, B k FLOP / (ep s) / peak)", roofline, Units.Time(prediction.ExpertSeconds));
        yield return new Formula("time: tensor slicing", "2 all-reduces a layer among L: min of ring and doubling", $"L = {prediction.Layout.Tensor}", Units.Time(prediction.TensorSeconds));
    }

    private static IEnumerable<Formula> Exchange(ServingPrediction prediction)
    {
        Cluster cluster = prediction.Cluster;
        foreach ((AllToAllKind kind, CollectiveCost cost) in prediction.Exchanges)
        {
            if (cost.Hops > 0)
            {
                yield return ExchangeFormulas.Of(cluster, prediction.Layout, kind, cost);
            }
        }
    }

    private static IEnumerable<Formula> Result(ServingPrediction prediction)
    {
        Cluster cluster = prediction.Cluster;
        yield return new Formula("time: overhead", "layers * overhead", $"{prediction.Model.Layers.Length} * {Units.Time(cluster.LayerOverhead)}", Units.Time(prediction.OverheadSeconds));
        yield return new Formula("latency of a token", "sum of the times", $"with the {prediction.Kind.ToString().ToLowerInvariant()} all-to-all", Units.Time(prediction.Latency));
        yield return new Formula("tokens per second and device", "b / latency", $"{prediction.Workload.SequencesPerDevice:0.##} / {Units.Time(prediction.Latency)}", Units.Rate(prediction.TokensPerSecondPerDevice));
        yield return new Formula("price of a million tokens", "price / 3600 / tokens per second and device * 10^6", $"{Units.Price(cluster.PricePerHour)} / 3600 / {Units.Rate(prediction.TokensPerSecondPerDevice)} * 10^6", Units.Price(prediction.PricePerMillion));
    }
}
