using System.Collections.Immutable;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Costs;
using Moiety.Planning.Training;

namespace Moiety.Planning.Explanations;

/// <summary>Every formula behind a <see cref="TrainingPrediction"/>, with its numbers.</summary>
public static class TrainingFormulas
{
    /// <summary>The formulas in the order in which they are computed.</summary>
    public static ImmutableArray<Formula> Of(TrainingPrediction prediction)
    {
        ArgumentNullException.ThrowIfNull(prediction);
        return [.. Operations(prediction), .. LayoutFormulas.Of(prediction.Layout), .. Memory(prediction), .. Times(prediction), .. Result(prediction)];
    }

    private static IEnumerable<Formula> Operations(TrainingPrediction prediction)
    {
        int length = prediction.Workload.SequenceLength;
        ForwardFlops forward = prediction.Model.Forward(length);
        yield return new Formula("operations of a token, forward", "2 for each multiply-add; attention sees (T + 1) / 2 keys in the mean",
            $"projections {Units.Flops(forward.Projections)}, scores {Units.Flops(forward.Scores)}, dense {Units.Flops(forward.Dense)}, router {Units.Flops(forward.Router)}, experts {Units.Flops(forward.Experts)}, shared {Units.Flops(forward.Shared)}, head {Units.Flops(forward.Head)}",
            Units.Flops(forward.Total));
        yield return new Formula("operations of a token, training", "3 * forward", $"the rule 6 N_active gives {Units.Flops(prediction.Model.SixTimesActive)}", Units.Flops(prediction.Model.TrainingFlops(length)));
        yield return new Formula("operations of a step", "sequences * T * that", $"{prediction.Workload.BatchSequences} * {length} * {Units.Flops(prediction.Model.TrainingFlops(length))}", Units.Flops(prediction.StepFlops));
    }

    private static IEnumerable<Formula> Memory(TrainingPrediction prediction)
    {
        TrainingWorkload workload = prediction.Workload;
        TrainingMemory memory = prediction.Memory;
        yield return new Formula("memory: weights", "(P_other / L + sum of E / ep * P_expert / s) b", $"{workload.ElementBytes} bytes a weight", Units.Bytes(memory.Weights));
        yield return new Formula("memory: gradients", "the same; divided among copies from ZeRO 2 on", $"{workload.ElementBytes} bytes, ZeRO {workload.ZeroStage}", Units.Bytes(memory.Gradients));
        yield return new Formula("memory: states", "the same * 12 (8 with 32-bit weights); divided among copies from ZeRO 1 on", $"{workload.StateBytes} bytes, ZeRO {workload.ZeroStage}", Units.Bytes(memory.States));
        yield return new Formula("memory: activations",
            workload.Recompute ? "tokens * M * layers * b, and one layer's own" : "per layer tokens * (5 M + (4 heads head size + 2 or 3 inner) / L) b, experts for their rows",
            $"{workload.MicroBatch} * {workload.SequenceLength} tokens", Units.Bytes(memory.Activations));
        yield return new Formula("memory: buffers", "2 (rows sent + rows received) M b, and tokens V 8 / L of logits", $"capacity {workload.CapacityFactor:0.##}", Units.Bytes(memory.Buffers));
    }

    private static IEnumerable<Formula> Times(TrainingPrediction prediction)
    {
        Cluster cluster = prediction.Cluster;
        yield return new Formula("time: computing", prediction.Workload.Recompute ? "4/3 FLOP / (W peak share)" : "FLOP / (W peak share)",
            $"{Units.Flops(prediction.StepFlops)} / ({cluster.Devices} * {Units.Flops(cluster.Peak(prediction.Workload.Precision))}/s * {cluster.ComputeShare:0.##})", Units.Time(prediction.ComputeSeconds));
        foreach ((AllToAllKind kind, CollectiveCost cost) in prediction.Exchanges)
        {
            if (cost.Hops > 0)
            {
                yield return ExchangeFormulas.Of(cluster, prediction.Layout, kind, cost);
            }
        }

        yield return new Formula("time: tensor slicing", "4 all-reduces of the rows a layer and micro-batch (6 when computed again)", $"L = {prediction.Layout.Tensor}", Units.Time(prediction.TensorSeconds));
        yield return new Formula("time: gradients", "rings: 2 (n - 1) α + 2 (n - 1)/n bytes / β, n = W / L for all but the experts, n = dp for experts; less 2/3 of the last micro-batch's computing",
            $"{Units.Time(prediction.GradientSumSeconds)} - 2/3 * {Units.Time(prediction.ComputeSeconds)} / {prediction.Rounds:0.##}", Units.Time(prediction.GradientSeconds));
        yield return new Formula("time: optimizer", "(2 states + weights + gradients) / bandwidth", "", Units.Time(prediction.OptimizerSeconds));
    }

    private static IEnumerable<Formula> Result(TrainingPrediction prediction)
    {
        yield return new Formula("time of a step", "sum of the times", $"with the {prediction.Kind.ToString().ToLowerInvariant()} all-to-all", Units.Time(prediction.StepSeconds));
        yield return new Formula("share of the peak", "FLOP / (time W peak)", "", $"{prediction.PeakShare:0.0 %}");
        yield return new Formula("time of the training", "tokens / (T sequences per second)", $"{Units.Count(prediction.Workload.Tokens)} / ({prediction.Workload.SequenceLength} * {Units.Rate(prediction.SequencesPerSecond)})", Units.Time(prediction.TotalSeconds));
        yield return new Formula("price of the training", "hours * W * price", $"{prediction.TotalSeconds / 3600:#,0.0} * {prediction.Cluster.Devices} * {Units.Price(prediction.Cluster.PricePerHour)}", Units.Price(prediction.Price));
    }
}
