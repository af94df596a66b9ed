using System.CommandLine;
using Moiety.Cli.Displays;
using Moiety.Cli.Displays.Experiments;
using Moiety.Cli.Displays.Training;
using Moiety.Cli.Shell;
using Moiety.Experiments;
using Moiety.Experiments.Corpora;
using Moiety.Experiments.Definitions;
using Moiety.Experiments.Reports;
using Moiety.Experiments.Running;
using Moiety.Experiments.Serving;
using Moiety.Models;
using Spectre.Console;

namespace Moiety.Cli.Commands;

/// <summary><c>moiety experiment</c>: trains the arms of an experiment over seeds and checks its claims.</summary>
internal static class ExperimentCommand
{
    private static readonly Argument<string?> Name = new("name")
    {
        Description = "An experiment that Moiety carries (--list shows them), or the path of a .json file of your own",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private static readonly Option<string> Out = new("--out", "-o")
    {
        Description = "Folder for data, trainings and reports; what lies there is used again",
        HelpName = "FOLDER",
        DefaultValueFactory = _ => "runs/experiments",
    };

    private static readonly Option<string[]> Arms = new("--arms")
    {
        Description = "Train these arms only; arms that teach them come with them [default: all]",
        HelpName = "ARM",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<long[]> Seeds = new("--seeds")
    {
        Description = "Train with these seeds of the experiment only [default: all]",
        HelpName = "N",
        AllowMultipleArgumentsPerToken = true,
    };

    private static readonly Option<int?> Threads = new("--threads", "-t") { Description = "Threads of a training [default: what the experiment says, or one per processor]", HelpName = "N" };
    private static readonly Option<bool> Large = new("--large") { Description = "The larger variant of the experiment, for a GPU" };
    private static readonly Option<bool> List = new("--list") { Description = "List the experiments that Moiety carries" };
    private static readonly Option<bool> DryRun = new("--dry-run") { Description = "Train nothing: show arms, sizes and what the trainings will take, measured over a few steps of each" };
    private static readonly Option<bool> ServeOnly = new("--serve-only") { Description = "Train nothing: measure the serving of what has been trained, where the experiment asks for that" };
    private static readonly Option<bool> Report = new("--report") { Description = "Train nothing: report on what has been trained" };

    public static Command Create(Terminal terminal)
    {
        Verb verb = new(
            "experiment",
            "Train the arms of an experiment with several seeds, set them against each other and check the claims. Ctrl-C stops after a checkpoint; the same "
            + "command goes on. Results lie in FOLDER/NAME: results.jsonl, report.md, pictures, serving.json.",
            new Example("what there is", "moiety experiment --list"),
            new Example("what it will take", "moiety experiment dense-vs-moe --dry-run"),
            new Example("the experiment", "moiety experiment dense-vs-moe"),
            new Example("two arms with one seed", "moiety experiment dense-vs-moe --arms dense moe --seeds 1"))
        {
            Name,
            Out,
            Arms,
            Seeds,
            Threads,
            Large,
            List,
            DryRun,
            ServeOnly,
            Report,
        };
        verb.SetAction(parsed => Run(parsed, terminal));
        return verb;
    }

    private static int Run(ParseResult parsed, Terminal terminal)
    {
        string? name = parsed.GetValue(Name);
        if (parsed.GetValue(List))
        {
            ListAll(terminal);
            return ExitCodes.Success;
        }

        if (string.IsNullOrEmpty(name))
        {
            throw new InvalidInputException($"name an experiment: {string.Join(", ", ExperimentCatalog.Names)}; or the path of a .json file.");
        }

        if (parsed.GetValue(Threads) is < 1 or > 1024)
        {
            throw new InvalidInputException($"--threads must be from 1 to 1024, not {parsed.GetValue(Threads)}.");
        }

        Option<bool>[] modes = [.. ((Option<bool>[])[DryRun, ServeOnly, Report]).Where(parsed.GetValue)];
        if (modes.Length > 1)
        {
            throw new InvalidInputException($"{modes[0].Name} and {modes[1].Name} contradict each other: choose one.");
        }

        Experiment experiment = ExperimentCatalog.Open(name, parsed.GetValue(Large));
        if (parsed.GetValue(ServeOnly) && experiment.Serving is null)
        {
            throw new InvalidInputException($"--serve-only: {experiment.Source} has no section \"serving\".");
        }

        ExperimentArm[] arms = ChooseArms(parsed.GetValue(Arms) ?? [], experiment);
        long[] seeds = ChooseSeeds(parsed.GetValue(Seeds) ?? [], experiment);
        string folder = parsed.GetRequiredValue(Out);
        CorpusFiles corpus = CorpusStore.Open(experiment.Data, Path.Combine(folder, "data"), line => terminal.Error.WriteLine(line), terminal.Stop);
        ExperimentRunner runner = new(experiment, corpus, Path.Combine(folder, "trained"), parsed.GetValue(Threads));
        IReadOnlyList<ArmRun> runs = runner.Plan(arms, seeds);
        if (parsed.GetValue(DryRun))
        {
            ShowPlan(runs, parsed.GetValue(Threads), terminal);
            return ExitCodes.Success;
        }

        string results = Path.Combine(folder, experiment.Name);
        if (!parsed.GetValue(Report) && !parsed.GetValue(ServeOnly))
        {
            TrainAll(runner, runs, results, experiment, terminal);
        }

        if (!parsed.GetValue(Report) && experiment.Serving is { } plan)
        {
            Serve(plan, runner.Plan(plan.Trained, [seeds[0]]), results, parsed.GetValue(Threads), terminal);
        }

        ExperimentReport report = ExperimentReport.From(experiment, runner.ReadResults(), ServingResult.Read(results));
        ReportFolder.Write(report, results);
        IReadOnlyList<string> pictures = ExperimentPlot.Write(report, results);
        ReportDisplay.Write(report, terminal);
        terminal.Out.WriteLine($"{Path.Combine(results, "report.md")}{string.Concat(pictures.Select(picture => $", {Path.GetFileName(picture)}"))}");
        return ExitCodes.Success;
    }

    private static void ListAll(Terminal terminal)
    {
        Table table = Tables.Create(terminal, "experiment", "#arms", "#seeds", "question");
        foreach (string name in ExperimentCatalog.Names)
        {
            Experiment experiment = ExperimentCatalog.Open(name);
            Tables.AddRow(table, name, $"{experiment.Arms.Length}", $"{experiment.Seeds.Length}", experiment.Question);
        }

        terminal.Results.Write(table);
    }

    private static void TrainAll(ExperimentRunner runner, IReadOnlyList<ArmRun> runs, string results, Experiment experiment, Terminal terminal)
    {
        for (int i = 0; i < runs.Count; i++)
        {
            ArmRun run = runs[i];
            string title = $"{experiment.Name} {i + 1}/{runs.Count}: {run.Arm.Name}, seed {run.Seed}";
            if (run.IsDone)
            {
                terminal.Error.WriteLine($"{title}: has been trained ({run.Folder})");
                continue;
            }

            terminal.Error.WriteLine($"{title}: {Format.Count(run.Cost.Parameters)} parameters, {run.TrainingFlops:0.00e0} FLOPs");
            ArmResult result = TrainingWatch.Run(terminal, title, observer => runner.Train(run, observer, terminal.Stop));
            terminal.Error.WriteLine($"{title}: held-out loss {result.Loss:0.0000} in {result.ProcessorSeconds:0} CPU seconds");
            ReportFolder.Write(ExperimentReport.From(experiment, runner.ReadResults(), ServingResult.Read(results)), results);
        }
    }

    private static void Serve(ServingPlan plan, IReadOnlyList<ArmRun> runs, string results, int? threads, Terminal terminal)
    {
        ArmRun[] served = [.. runs.Where(run => plan.Trained.Contains(run.Arm))];
        foreach (ArmRun run in served.Where(run => !run.IsDone))
        {
            terminal.Error.WriteLine($"{run.Arm.Name}, seed {run.Seed}: has not been trained and is not served");
        }

        ServingBenchmark.Run(plan, served.Where(run => run.IsDone).Select(run => (run.Arm.Name, run.ModelFolder)), threads, line => terminal.Error.WriteLine(line), terminal.Stop)
            .Write(results);
    }

    private static void ShowPlan(IReadOnlyList<ArmRun> runs, int? threads, Terminal terminal)
    {
        Table table = Tables.Create(terminal, "arm", "#layers", "#parameters", "#active", "#FLOPs per token", "#tokens", "#training FLOPs", "#CPU time", "#trained");
        double left = 0;
        foreach (IGrouping<ExperimentArm, ArmRun> arm in runs.GroupBy(run => run.Arm))
        {
            ArmRun run = arm.First();
            TimeSpan time = StepTimer.Measure(run, threads, terminal.Stop);
            left += time.TotalSeconds * arm.Count(run => !run.IsDone);
            Tables.AddRow(
                table,
                arm.Key.Name,
                $"{run.Config.Model.LayerCount}",
                Format.Count(run.Cost.Parameters),
                Format.Count(run.Cost.ActiveParameters),
                $"{run.FlopsPerToken:0.00e0}",
                Format.Count(run.Config.TokensPerStep * run.Config.Steps),
                $"{run.TrainingFlops:0.00e0}",
                Format.Time(time),
                $"{arm.Count(run => run.IsDone)} of {arm.Count()}");
        }

        terminal.Results.Write(table);
        terminal.Out.WriteLine($"{runs.Count(run => !run.IsDone)} of {runs.Count} trainings are left: about {Format.Time(TimeSpan.FromSeconds(left))} of processor time for their steps");
    }

    private static ExperimentArm[] ChooseArms(string[] names, Experiment experiment) => names.Length == 0
        ? [.. experiment.Arms]
        : [.. names.SelectMany(name => name.Split(',')).Select(name => experiment.FindArm(name)
            ?? throw new InvalidInputException($"--arms: {experiment.Name} has no arm \"{name}\"; it has: {string.Join(", ", experiment.Arms.Select(arm => arm.Name))}."))];

    private static long[] ChooseSeeds(long[] seeds, Experiment experiment)
    {
        long[] unknown = [.. seeds.Except(experiment.Seeds)];
        return unknown.Length == 0
            ? seeds.Length == 0 ? [.. experiment.Seeds] : [.. seeds.Distinct()]
            : throw new InvalidInputException($"--seeds: {experiment.Name} has no seed {unknown[0]}; it has: {string.Join(", ", experiment.Seeds)}.");
    }
}
