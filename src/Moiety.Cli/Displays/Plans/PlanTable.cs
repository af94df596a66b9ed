using System.Collections.Immutable;
using Moiety.Cli.Shell;
using Moiety.Planning.Communication;
using Moiety.Planning.Explanations;
using Moiety.Planning.Layouts;
using Moiety.Planning.Serving;
using Moiety.Planning.Training;
using Spectre.Console;

namespace Moiety.Cli.Displays.Plans;

/// <summary>Plans side by side: a line for each quantity, a column for each model.</summary>
internal static class PlanTable
{
    /// <summary>Plans for serving. With two models, how many times larger the first one's figure is stands in a last column.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<string> names, IReadOnlyList<ServingPrediction> plans)
    {
        Table table = Create(terminal, "serving", names);
        Row(table, "parameters", plans, plan => plan.Model.Parameters, Units.Count);
        Row(table, "active per token", plans, plan => plan.Model.ActiveParameters, Units.Count);
        Layout(table, [.. plans.Select(plan => plan.Layout)]);
        Row(table, "memory: all but experts", plans, plan => plan.Memory.NonExpert, Units.Bytes);
        Row(table, "memory: experts", plans, plan => plan.Memory.Experts, Units.Bytes);
        Row(table, "memory: keys and values", plans, plan => plan.Memory.KeyValues, Units.Bytes);
        Row(table, "memory: buffers", plans, plan => plan.Memory.Buffers, Units.Bytes);
        Row(table, "memory of a device", plans, plan => plan.Memory.Total, Units.Bytes);
        Texts(table, "of what it has", [.. plans.Select(plan => Share(plan.Memory.Total, plan.Cluster.MemoryBytes))]);
        Row(table, "weights read in a step", plans, plan => plan.CriticalBytes, Units.Bytes);
        Row(table, "of them experts", plans, plan => plan.CriticalExpertBytes, Units.Bytes);
        Exchanges(table, [.. plans.Select(plan => plan.Exchanges)]);
        Texts(table, "all-to-all chosen", [.. plans.Select(Chosen)]);
        Row(table, "time: all but experts", plans, plan => plan.NonExpertSeconds, Units.Time);
        Row(table, "time: experts", plans, plan => plan.ExpertSeconds, Units.Time);
        Row(table, "time: all-to-all", plans, plan => plan.ExchangeSeconds, Units.Time);
        Row(table, "time: tensor slicing", plans, plan => plan.TensorSeconds, Units.Time);
        Row(table, "time: overhead", plans, plan => plan.OverheadSeconds, Units.Time);
        Row(table, "latency of a token", plans, plan => plan.Latency, Units.Time);
        Row(table, "tokens/s per device", plans, plan => plan.TokensPerSecondPerDevice, Units.Rate);
        Row(table, "tokens/s", plans, plan => plan.TokensPerSecond, Units.Rate);
        Row(table, "price of a million tokens", plans, plan => plan.PricePerMillion, Units.Price);
        terminal.Results.Write(table);
    }

    /// <summary>Plans for training.</summary>
    public static void Write(Terminal terminal, IReadOnlyList<string> names, IReadOnlyList<TrainingPrediction> plans)
    {
        Table table = Create(terminal, "training", names);
        Row(table, "operations of a token", plans, plan => plan.Model.TrainingFlops(plan.Workload.SequenceLength), Units.Flops);
        Row(table, "6 N active", plans, plan => plan.Model.SixTimesActive, Units.Flops);
        Layout(table, [.. plans.Select(plan => plan.Layout)]);
        Row(table, "memory: weights", plans, plan => plan.Memory.Weights, Units.Bytes);
        Row(table, "memory: gradients", plans, plan => plan.Memory.Gradients, Units.Bytes);
        Row(table, "memory: Adam's states", plans, plan => plan.Memory.States, Units.Bytes);
        Row(table, "memory: activations", plans, plan => plan.Memory.Activations, Units.Bytes);
        Row(table, "memory: buffers", plans, plan => plan.Memory.Buffers, Units.Bytes);
        Row(table, "memory of a device", plans, plan => plan.Memory.Total, Units.Bytes);
        Texts(table, "of what it has", [.. plans.Select(plan => Share(plan.Memory.Total, plan.Cluster.MemoryBytes))]);
        Exchanges(table, [.. plans.Select(plan => plan.Exchanges)]);
        Row(table, "time: computing", plans, plan => plan.ComputeSeconds, Units.Time);
        Row(table, "time: all-to-all", plans, plan => plan.ExchangeSeconds, Units.Time);
        Row(table, "time: tensor slicing", plans, plan => plan.TensorSeconds, Units.Time);
        Row(table, "time: gradients", plans, plan => plan.GradientSeconds, Units.Time);
        Row(table, "time: optimizer", plans, plan => plan.OptimizerSeconds, Units.Time);
        Row(table, "time of a step", plans, plan => plan.StepSeconds, Units.Time);
        Row(table, "sequences/s", plans, plan => plan.SequencesPerSecond, Units.Rate);
        Texts(table, "share of the peak", [.. plans.Select(plan => $"{plan.PeakShare:0.0 %}")]);
        Texts(table, "tokens", [.. plans.Select(plan => Units.Count(plan.Workload.Tokens))]);
        Row(table, "time", plans, plan => plan.TotalSeconds, Units.Time);
        Row(table, "price", plans, plan => plan.Price, Units.Price);
        terminal.Results.Write(table);
    }

    /// <summary>One model on several numbers of devices.</summary>
    public static void WriteScale(Terminal terminal, IReadOnlyList<ServingPrediction> plans)
    {
        Table table = Tables.Create(terminal, "#devices", "#tensor", "expert-parallel", "#memory of a device", "#weights read", "all-to-all", "#its time", "#latency", "#tokens/s per device", "#price per million");
        foreach (ServingPrediction plan in plans)
        {
            Tables.AddRow(table, $"{plan.Cluster.Devices}{(plan.Fits ? "" : " (does not fit)")}", $"{plan.Layout.Tensor}", LayoutText.Degrees(plan.Layout, layer => layer.ExpertParallel), Units.Bytes(plan.Memory.Total),
                Units.Bytes(plan.CriticalBytes), Chosen(plan), Units.Time(plan.ExchangeSeconds), Units.Time(plan.Latency),
                Units.Rate(plan.TokensPerSecondPerDevice), Units.Price(plan.PricePerMillion));
        }

        terminal.Results.Write(table);
    }

    /// <summary>Every formula with its numbers.</summary>
    public static void Write(Terminal terminal, ImmutableArray<Formula> formulas)
    {
        foreach (Formula formula in formulas)
        {
            terminal.Out.WriteLine($"{formula.Name}: {formula.Value}");
            terminal.Out.WriteLine($"    = {formula.Expression}");
            if (formula.Numbers.Length > 0)
            {
                terminal.Out.WriteLine($"    {formula.Numbers}");
            }
        }
    }

    private static Table Create(Terminal terminal, string what, IReadOnlyList<string> names) => Tables.Create(
        terminal, [what, .. names.Select(name => "#" + name), .. names.Count == 2 ? (string[])["#first / second"] : []]);

    private static void Layout(Table table, IReadOnlyList<ParallelLayout> layouts)
    {
        Texts(table, "tensor slicing", [.. layouts.Select(layout => $"{layout.Tensor}")]);
        Texts(table, "replicas", [.. layouts.Select(layout => $"{layout.Replicas}")]);
        Texts(table, "expert-parallel", [.. layouts.Select(layout => LayoutText.Degrees(layout, layer => layer.ExpertParallel))]);
        Texts(table, "expert slices", [.. layouts.Select(layout => LayoutText.Degrees(layout, layer => layer.ExpertSlice))]);
        Texts(table, "data-parallel experts", [.. layouts.Select(layout => LayoutText.Degrees(layout, layer => layer.DataParallel))]);
    }

    private static void Exchanges(Table table, IReadOnlyList<ImmutableSortedDictionary<AllToAllKind, CollectiveCost>> plans)
    {
        foreach (AllToAllKind kind in Enum.GetValues<AllToAllKind>())
        {
            if (plans.Any(plan => plan.TryGetValue(kind, out CollectiveCost cost) && cost.Hops > 0))
            {
                Texts(table, $"{Name(kind)} all-to-all", [.. plans.Select(plan => plan.TryGetValue(kind, out CollectiveCost cost) && cost.Hops > 0 ? $"{Units.Time(cost.Seconds)}, {Units.Bytes(cost.Bytes)}" : "none")]);
            }
        }
    }

    private static void Row<T>(Table table, string name, IReadOnlyList<T> plans, Func<T, double> value, Func<double, string> show)
    {
        string[] cells = [.. plans.Select(plan => show(value(plan)))];
        Tables.AddRow(table, [name, .. cells, .. plans.Count == 2 ? (string[])[value(plans[0]) > 0 && value(plans[1]) > 0 ? $"{value(plans[0]) / value(plans[1]):0.00}x" : ""] : []]);
    }

    private static void Texts(Table table, string name, IReadOnlyList<string> cells) =>
        Tables.AddRow(table, [name, .. cells, .. cells.Count == 2 ? (string[])[""] : []]);

    private static string Share(double needed, double available) => $"{needed / available:0.0 %}{(needed > available ? ": does not fit" : "")}";

    private static string Chosen(ServingPrediction plan) => plan.ExchangeSeconds > 0 ? Name(plan.Kind) : "none";

    private static string Name(AllToAllKind kind) => kind.ToString().ToLowerInvariant();
}
