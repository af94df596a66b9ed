using System.Collections.Immutable;
using Moiety.Cli.Shell;
using Moiety.Planning.Communication;
using Moiety.Planning.Explanations;
using Moiety.Planning.Layouts;
using Moiety.Planning.Serving;
using Moiety.Planning.Training;

namespace Moiety.Cli.Displays.Plans;

/// <summary>Plans as JSON: bytes, seconds and tokens without units.</summary>
internal static class PlanJson
{
    /// <summary>Writes a plan for serving as one object.</summary>
    public static void Write(Terminal terminal, string name, ServingPrediction plan, bool explain) => Json.Write(terminal.Out, new
    {
        Kind = "serving",
        Model = name,
        plan.Model.Parameters,
        plan.Model.ActiveParameters,
        plan.Model.ExpertParameters,
        plan.Model.EmbeddingParameters,
        Cluster = plan.Cluster.Name,
        plan.Cluster.Devices,
        plan.Workload.SequencesPerDevice,
        plan.Workload.Context,
        Layout = Layout(plan.Layout),
        plan.Memory,
        plan.Cluster.MemoryBytes,
        plan.Fits,
        plan.CriticalBytes,
        plan.CriticalExpertBytes,
        AllToAll = plan.Kind,
        Exchanges = Exchanges(plan.Exchanges),
        plan.NonExpertSeconds,
        plan.ExpertSeconds,
        plan.ExchangeSeconds,
        plan.TensorSeconds,
        plan.OverheadSeconds,
        plan.Latency,
        plan.TokensPerSecondPerDevice,
        plan.TokensPerSecond,
        plan.PricePerMillion,
        Formulas = explain ? ServingFormulas.Of(plan) : (ImmutableArray<Formula>?)null,
    });

    /// <summary>Writes a plan for training as one object.</summary>
    public static void Write(Terminal terminal, string name, TrainingPrediction plan, bool explain) => Json.Write(terminal.Out, new
    {
        Kind = "training",
        Model = name,
        plan.Model.Parameters,
        plan.Model.ActiveParameters,
        Forward = plan.Model.Forward(plan.Workload.SequenceLength),
        FlopsPerToken = plan.Model.TrainingFlops(plan.Workload.SequenceLength),
        plan.Model.SixTimesActive,
        Cluster = plan.Cluster.Name,
        plan.Cluster.Devices,
        plan.Workload,
        Layout = Layout(plan.Layout),
        plan.Memory,
        plan.Cluster.MemoryBytes,
        plan.Fits,
        AllToAll = plan.Kind,
        Exchanges = Exchanges(plan.Exchanges),
        plan.StepFlops,
        plan.ComputeSeconds,
        plan.ExchangeSeconds,
        plan.TensorSeconds,
        plan.GradientSumSeconds,
        plan.GradientSeconds,
        plan.OptimizerSeconds,
        plan.StepSeconds,
        plan.SequencesPerSecond,
        plan.PeakShare,
        plan.TotalSeconds,
        plan.Price,
        Formulas = explain ? TrainingFormulas.Of(plan) : (ImmutableArray<Formula>?)null,
    });

    private static object Layout(ParallelLayout layout) => new { layout.Tensor, layout.Replicas, MoeLayers = layout.MoeLayers };

    private static object Exchanges(ImmutableSortedDictionary<AllToAllKind, CollectiveCost> exchanges) =>
        exchanges.ToDictionary(entry => entry.Key.ToString().ToLowerInvariant(), entry => entry.Value);
}
