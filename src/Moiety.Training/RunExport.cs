using Moiety.Models;
using Moiety.Training.Checkpoints;
using Moiety.Training.Configuration;
using Moiety.Training.Modules;

namespace Moiety.Training;

/// <summary>
/// Exports the model of a run's newest checkpoint without going on with the run. Nothing in the run's folder is changed or locked, so
/// that it may be done while the run goes on.
/// </summary>
public static class RunExport
{
    /// <summary>What a run exports to: a folder of this name within its own.</summary>
    public static string FolderName(TrainingConfig config)
    {
        ArgumentNullException.ThrowIfNull(config);
        return config.Adapter is null ? "model" : "adapter";
    }

    /// <summary>Writes the model as the run itself does at its end.</summary>
    /// <param name="config">The configuration of the run.</param>
    /// <param name="runFolder">The run.</param>
    /// <param name="destination">What to write.</param>
    /// <param name="cancellationToken">Stops the writing; nothing is left behind.</param>
    /// <returns>Optimizer steps behind the exported weights.</returns>
    /// <exception cref="InvalidInputException">The run has no checkpoint yet, or one of another configuration; the folder cannot be written.</exception>
    public static long Write(TrainingConfig config, string runFolder, string destination, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        string latest = CheckpointFolder.FindLatest(Trainer.CheckpointsOf(runFolder))
            ?? throw new InvalidInputException($"{runFolder}: there is no checkpoint to export yet; one is written every {config.CheckpointInterval} steps (intervals.checkpoint).");
        TrainedModel trained = TrainedModel.Prepare(config);
        using DecoderModule module = trained.CreateModule();
        trained.Start(module, isResumed: true);
        TrainingState state = CheckpointFolder.LoadValues(latest, RunFingerprint.Of(config, module, trainingTokens: null, config.Distillation is null ? null : ""), module.Trained);
        trained.Export(module, destination, state.Distillation, cancellationToken);
        return state.Step;
    }
}
