using System.Collections.Immutable;
using System.CommandLine;
using Moiety.Cli.Displays.Plans;
using Moiety.Cli.Options;
using Moiety.Cli.Shell;
using Moiety.Models;
using Moiety.Planning.Clusters;
using Moiety.Planning.Communication;
using Moiety.Planning.Explanations;
using Moiety.Planning.Layouts;
using Moiety.Planning.Serving;
using Moiety.Planning.Training;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety plan</c>: what a model would need and do on a cluster.</summary>
internal static class PlanCommand
{
    private static readonly Argument<string[]> Models = new("model")
    {
        Description = "One or more models: a file or folder, config.json alone, a model that was pulled, one of the paper (moe-1.3b-128, pr-moe-350m-32-64, 6.7b, …), or a description "
            + "(layers=24,hidden=1024,heads=16,experts=32x10+64x2,residual) [default: the embedded model]",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly PlanOptions Plan = new();
    private static readonly Option<bool> Explain = new("--explain") { Description = "Print every formula with its numbers" };
    private static readonly Option<bool> Paper = new("--paper") { Description = "Show what the DeepSpeed-MoE paper publishes beside what is predicted, instead of a plan" };
    private static readonly Option<bool> AsJson = new("--json") { Description = "Print one JSON object for each plan" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "plan",
            "Predict what a model needs and does on a cluster: how it is divided among devices (tensor, expert and data parallelism, expert slices), memory, the all-to-all in its three forms, "
            + "latency, throughput and price of serving, and time and price of training. Nothing is run; docs/planning.md has the formulas.",
            new Example("the embedded model on this machine, whose bandwidth and peak are measured", "moiety plan"),
            new Example("a 52B Mixture-of-Experts and the dense model of its quality on 128 GPUs, with a training", "moiety plan 6.7b moe-1.3b-128 --cluster a100-80g,devices=128 --train 300B"),
            new Example("how a model scales, one sequence for each device", "moiety plan moe-1.3b-128 --cluster a100-40g --scale 8 16 32 64 --batch 8"),
            new Example("a model of your own on your own machines, with all formulas", "moiety plan layers=24,hidden=1024,heads=16,experts=64 --cluster cluster.json --explain"),
            new Example("the published figures beside the predicted ones", "moiety plan --paper"))
        {
            Models,
        };
        Plan.AddTo(verb);
        verb.Add(Explain);
        verb.Add(Paper);
        verb.Add(AsJson);
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static void Run(ParseResult parsed, Terminal terminal)
    {
        string[] names = parsed.GetValue(Models) ?? [];
        bool json = parsed.GetValue(AsJson);
        if (parsed.GetValue(Paper))
        {
            if (names.Length > 0)
            {
                throw new InvalidInputException($"--paper shows the models of the paper; it takes none ({names[0]}).");
            }

            if (json)
            {
                PaperTable.WriteJson(terminal);
            }
            else
            {
                PaperTable.Write(terminal);
            }

            return;
        }

        ImmutableArray<PlannedModel> models = names.Length == 0 ? [PlannedModel.Find(null)] : [.. names.Select(PlannedModel.Find)];
        Cluster cluster = Plan.ReadCluster(parsed);
        ImmutableArray<Cluster> scale = Plan.ReadScale(parsed, cluster);
        if (scale.IsEmpty)
        {
            WritePlans(parsed, terminal, models, cluster, json);
        }
        else
        {
            WriteScale(parsed, terminal, models, scale, json);
        }
    }

    private static void WritePlans(ParseResult parsed, Terminal terminal, ImmutableArray<PlannedModel> models, Cluster cluster, bool json)
    {
        LayoutOptions layout = Plan.ReadLayout(parsed);
        AllToAllKind? kind = Plan.ReadKind(parsed);
        string[] names = [.. models.Select(model => model.Name)];
        ServingPrediction[] serving = [.. models.Select(model => ServingPlanner.Plan(model.Cost, cluster, Plan.ReadServing(parsed, model, cluster), layout, kind))];
        TrainingPrediction[] training = [.. models
            .Select(model => (model.Cost, Workload: Plan.ReadTraining(parsed, model.Cost.Config, cluster)))
            .Where(pair => pair.Workload is not null)
            .Select(pair => TrainingPlanner.Plan(pair.Cost, cluster, pair.Workload!, layout, kind))];
        bool explain = parsed.GetValue(Explain);
        if (json)
        {
            for (int i = 0; i < names.Length; i++)
            {
                PlanJson.Write(terminal, names[i], serving[i], explain);
                if (training.Length > 0)
                {
                    PlanJson.Write(terminal, names[i], training[i], explain);
                }
            }
        }
        else
        {
            terminal.Out.WriteLine(LayoutText.Of(cluster));
            terminal.Out.WriteLine();
            PlanTable.Write(terminal, names, serving);
            Explanations(terminal, names, explain ? [.. serving.Select(ServingFormulas.Of)] : []);
            if (training.Length > 0)
            {
                terminal.Out.WriteLine();
                PlanTable.Write(terminal, names, training);
                Explanations(terminal, names, explain ? [.. training.Select(TrainingFormulas.Of)] : []);
            }
        }

        Warn(terminal, names, serving, training, layout);
    }

    private static void WriteScale(ParseResult parsed, Terminal terminal, ImmutableArray<PlannedModel> models, ImmutableArray<Cluster> scale, bool json)
    {
        LayoutOptions layout = Plan.ReadLayout(parsed);
        foreach (PlannedModel model in models)
        {
            ServingPrediction[] plans = [.. scale.Select(cluster => ServingPlanner.Plan(model.Cost, cluster, Plan.ReadServing(parsed, model, cluster), layout, Plan.ReadKind(parsed)))];
            if (json)
            {
                foreach (ServingPrediction plan in plans)
                {
                    PlanJson.Write(terminal, model.Name, plan, parsed.GetValue(Explain));
                }

                continue;
            }

            terminal.Out.WriteLine($"{model.Name}: {Units.Count(model.Cost.Parameters)} parameters, {Units.Count(model.Cost.ActiveParameters)} active, {plans[0].Workload.SequencesPerDevice:0.##} sequences for each device");
            PlanTable.WriteScale(terminal, plans);
            terminal.Out.WriteLine();
        }
    }

    private static void Explanations(Terminal terminal, string[] names, ImmutableArray<ImmutableArray<Formula>> formulas)
    {
        for (int i = 0; i < formulas.Length; i++)
        {
            terminal.Out.WriteLine();
            terminal.Out.WriteLine(names[i]);
            PlanTable.Write(terminal, formulas[i]);
        }
    }

    private static void Warn(Terminal terminal, string[] names, ServingPrediction[] serving, TrainingPrediction[] training, LayoutOptions layout)
    {
        for (int i = 0; i < names.Length; i++)
        {
            ServingPrediction plan = serving[i];
            if (!plan.Fits)
            {
                int? devices = ServingPlanner.Smallest(plan.Model, plan.Cluster, plan.Workload, layout)?.Cluster.Devices;
                terminal.Error.WriteLine(Misfit(names[i], "to be served", plan.Memory.Total, plan.Cluster, devices));
            }
        }

        for (int i = 0; i < training.Length; i++)
        {
            TrainingPrediction plan = training[i];
            if (!plan.Fits)
            {
                int? devices = TrainingPlanner.Smallest(plan.Model, plan.Cluster, plan.Workload, layout)?.Cluster.Devices;
                terminal.Error.WriteLine(Misfit(names[i], "to be trained", plan.Memory.Total, plan.Cluster, devices));
            }
        }

        if (serving[0].Layout.Tensor > serving[0].Cluster.DevicesPerNode)
        {
            terminal.Error.WriteLine($"warning: tensor slicing over {serving[0].Layout.Tensor} devices goes beyond the nodes of {serving[0].Cluster.DevicesPerNode}, so that every layer waits for the link between them");
        }
    }

    private static string Misfit(string name, string what, double bytes, Cluster cluster, int? devices) =>
        $"warning: {name} does not fit {what}: a device needs {Units.Bytes(bytes)} and has {Units.Bytes(cluster.MemoryBytes)}; "
        + (devices is { } count ? $"the fewest devices of this kind that suffice are {count}" : "no number of such devices suffices with tensor slicing inside a node");
}
