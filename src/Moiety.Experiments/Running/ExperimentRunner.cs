using Moiety.Experiments.Corpora;
using Moiety.Experiments.Definitions;
using Moiety.Models;
using Moiety.Training;

namespace Moiety.Experiments.Running;

/// <summary>
/// Trains the arms of an experiment, one run after the other. What has been trained is not trained again; what was interrupted goes on
/// where it was.
/// </summary>
public sealed class ExperimentRunner
{
    private readonly Experiment _experiment;
    private readonly CorpusFiles _corpus;
    private readonly string _folder;
    private readonly int? _threads;

    /// <summary>Creates a runner.</summary>
    /// <param name="experiment">The experiment.</param>
    /// <param name="corpus">Its data.</param>
    /// <param name="folder">Folder of all trainings of experiments.</param>
    /// <param name="threads">Threads of a training; null for what the configuration says.</param>
    public ExperimentRunner(Experiment experiment, CorpusFiles corpus, string folder, int? threads)
    {
        ArgumentNullException.ThrowIfNull(experiment);
        ArgumentNullException.ThrowIfNull(corpus);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        _experiment = experiment;
        _corpus = corpus;
        _folder = Path.GetFullPath(folder);
        _threads = threads;
    }

    /// <summary>The trainings of some arms with some seeds: seed by seed, so that a first comparison is there early, teachers before students.</summary>
    /// <param name="arms">Arms; their teachers come with them.</param>
    /// <param name="seeds">Seeds.</param>
    public IReadOnlyList<ArmRun> Plan(IEnumerable<ExperimentArm> arms, IEnumerable<long> seeds)
    {
        ArgumentNullException.ThrowIfNull(seeds);
        IReadOnlyList<ExperimentArm> order = _experiment.InOrderOfTraining(arms);
        List<ArmRun> runs = [];
        foreach (long seed in seeds)
        {
            Dictionary<string, ArmRun> ofSeed = new(StringComparer.Ordinal);
            foreach (ExperimentArm arm in order)
            {
                ArmRun run = new(arm, seed, _corpus, _folder, arm.Teacher is { } teacher ? ofSeed[teacher] : null);
                ofSeed.Add(arm.Name, run);
                runs.Add(run);
            }
        }

        return runs;
    }

    /// <summary>Does a training, or reads its result when it has been done.</summary>
    /// <param name="run">The training.</param>
    /// <param name="progress">Observer.</param>
    /// <param name="cancellationToken">Ends it after the step in progress, with a checkpoint: the next call goes on.</param>
    /// <exception cref="OperationCanceledException">It was ended early.</exception>
    /// <exception cref="InvalidInputException">It diverged, or a file cannot be read or written; the message names the arm and the seed.</exception>
    public ArmResult Train(ArmRun run, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        if (run.IsDone)
        {
            return Read(run);
        }

        int threads = _threads ?? run.Config.Threads;
        try
        {
            using Trainer trainer = Trainer.Open(run.Config with { Threads = threads }, run.Folder, resume: true, progress, cancellationToken);
            if (!trainer.Run(progress, cancellationToken).Completed)
            {
                throw new OperationCanceledException(cancellationToken);
            }

            // A gate that only trains, which the engine cannot serve, has results all the same.
            if (trainer.ExportObstacle is null)
            {
                trainer.Export(run.ModelFolder, cancellationToken);
            }
        }
        catch (InvalidInputException error)
        {
            throw new InvalidInputException($"arm {run.Arm.Name}, seed {run.Seed}: {error.Message}", error);
        }

        ArmResult result = Summarize(run, threads);
        ResultFile.Write(run.ResultPath, result);

        // Three times the model, and of no use any more.
        Directory.Delete(Path.Combine(run.Folder, "checkpoints"), recursive: true);
        return result;
    }

    /// <summary>The results of all arms and seeds that have been trained, in the order of the file.</summary>
    public IReadOnlyList<ArmResult> ReadResults()
    {
        ArmRun[] done = [.. Plan(_experiment.Arms, _experiment.Seeds).Where(run => run.IsDone)];
        return [.. _experiment.Arms.SelectMany(arm => done.Where(run => run.Arm == arm)).Select(Read)];
    }

    // Another experiment, in which the arm has another name, may have trained it.
    private static ArmResult Read(ArmRun run) => ResultFile.Read(run.ResultPath) with { Arm = run.Arm.Name };

    private static ArmResult Summarize(ArmRun run, int threads)
    {
        TrainingLog log = TrainingLog.Read(Path.Combine(run.Folder, "metrics.jsonl"), run.FlopsPerToken, run.TeacherFlopsPerToken);
        CurvePoint last = log.Curve[^1];
        return new ArmResult
        {
            Arm = run.Arm.Name,
            Seed = run.Seed,
            Key = run.Key,
            Parameters = run.Cost.Parameters,
            ActiveParameters = run.Cost.ActiveParameters,
            ExpertParameters = run.Cost.ExpertParameters,
            Layers = run.Config.Model.LayerCount,
            FlopsPerToken = run.FlopsPerToken,
            TrainingFlops = last.Flops,
            Tokens = last.Tokens,
            Seconds = log.Seconds,
            ProcessorSeconds = log.ProcessorSeconds,
            Threads = threads,
            Loss = last.Loss,
            LossWithDrops = log.LossWithDrops,
            Dropped = log.Dropped,
            ExpertLoads = log.ExpertLoads,
            Curve = [.. log.Curve],
        };
    }
}
