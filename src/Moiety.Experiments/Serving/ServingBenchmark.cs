using Moiety.Evaluation.Speed;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Numerics.Measurement;

namespace Moiety.Experiments.Serving;

/// <summary>
/// Measures how fast the models of a plan decode. All models are in memory together and take turns, repetition by repetition, so that what
/// else the machine does meets all of them.
/// </summary>
public static class ServingBenchmark
{
    /// <summary>Measures.</summary>
    /// <param name="plan">What to measure.</param>
    /// <param name="trained">Names and folders of the trained models that there are.</param>
    /// <param name="threads">Threads of the engine; null for one per processor.</param>
    /// <param name="report">Told in words how far it is.</param>
    /// <param name="cancellationToken">Stops between steps.</param>
    /// <exception cref="InvalidInputException">A model cannot be opened, or its context is too short.</exception>
    public static ServingResult Run(ServingPlan plan, IEnumerable<(string Name, string Folder)> trained, int? threads, Action<string>? report = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(plan);
        ArgumentNullException.ThrowIfNull(trained);
        List<ServedModel> models = [];
        try
        {
            foreach ((string name, string folder) in trained)
            {
                models.Add(new ServedModel(name, isTrained: true, Checkpoint.Open(folder), threads ?? 0));
            }

            foreach (ServingShape shape in plan.Shapes)
            {
                report?.Invoke($"making random weights: {shape.Name}, {plan.Format.Name}");
                models.Add(new ServedModel(shape.Name, isTrained: false, new RandomModel(new ModelPreset(shape.Name, shape.About, shape.Config), plan.Format), threads ?? 0));
            }

            if (models.Count == 0)
            {
                throw new InvalidInputException("no model to serve: none of the arms has been trained, and the experiment names no shapes.");
            }

            if (models.Find(model => model.ContextLength < plan.Depth + plan.Steps) is { } shortest)
            {
                throw new InvalidInputException($"{shortest.Name}: reads {shortest.ContextLength} tokens; serving.depth and serving.steps need {plan.Depth + plan.Steps}.");
            }

            report?.Invoke($"measuring memory bandwidth with {models[0].Threads} threads");
            double bandwidth = MemoryBandwidth.Measure(models[0].Threads);
            return new ServingResult(models[0].Threads, bandwidth, [.. plan.Batches.SelectMany(batch => Measure(models, batch, plan, report, cancellationToken))]);
        }
        finally
        {
            models.ForEach(model => model.Dispose());
        }
    }

    private static ServingMeasurement[] Measure(List<ServedModel> models, int batch, ServingPlan plan, Action<string>? report, CancellationToken cancellationToken)
    {
        List<double>[] seconds = [.. models.Select(_ => new List<double>())];

        // One repetition more than counted: the first meets cold code, cold pages and empty buffers.
        for (int repetition = 0; repetition <= plan.Repetitions; repetition++)
        {
            report?.Invoke($"{batch} sequences, {(repetition == 0 ? "warming up" : $"repetition {repetition} of {plan.Repetitions}")}");
            for (int i = 0; i < models.Count; i++)
            {
                double time = models[i].Time(batch, plan.Depth, plan.Steps, cancellationToken);
                if (repetition > 0)
                {
                    seconds[i].Add(time);
                }
            }
        }

        return [.. models.Select((model, index) => new ServingMeasurement
        {
            Model = model.Name,
            IsTrained = model.IsTrained,
            Parameters = model.Parameters,
            ActiveParameters = model.ActiveParameters,
            Batch = batch,
            BytesPerStep = model.BytesPerStep(batch, plan.Depth + ((plan.Steps + 1) / 2.0)),
            StepSeconds = [.. seconds[index]],
        })];
    }
}
