using System.Diagnostics;
using System.Globalization;
using Moiety.Models;
using Moiety.Models.Tokenizers;
using Moiety.Numerics.Randomness;
using Moiety.Training.Checkpoints;
using Moiety.Training.Configuration;
using Moiety.Training.Corpora;
using Moiety.Training.Distillation;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using Moiety.Training.Native;
using Moiety.Training.Optimization;
using Moiety.Training.Routing;
using TorchSharp;
using static TorchSharp.torch;

namespace Moiety.Training;

/// <summary>
/// One training run in one folder: tokenizes the corpora, trains, evaluates, writes <c>metrics.jsonl</c> and atomic checkpoints, and
/// resumes such that the next step is the one that an uninterrupted run would have made, bit by bit.
/// </summary>
public sealed class Trainer : IDisposable
{
    // Capacity of the evaluation with drops where training drops nothing.
    private static readonly ExpertCapacity DefaultCapacity = new(1.25, 4, DropPolicy.Random);

    private readonly TrainingConfig _config;
    private readonly string _folder;
    private readonly TrainedModel _trained;
    private readonly FileStream _lock;
    private readonly Distiller? _distiller;
    private readonly AdamW _optimizer;
    private readonly CheckpointFolder _checkpoints;
    private readonly TokenCache _trainingTokens;
    private readonly TokenCache? _validationTokens;
    private readonly PackedSequences _training;
    private readonly PackedSequences? _validation;
    private readonly string _fingerprint;
    private TrainingState _state;
    private EvaluationResult? _lastEvaluation;

    private Trainer(TrainingConfig config, string folder, TrainedModel trained, TrainingDevice device, bool resume, FileStream folderLock, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        TorchLibrary.EnsureLoaded();
        set_num_threads(config.Threads);
        _config = config;
        _folder = folder;
        _trained = trained;
        _lock = folderLock;
        _checkpoints = new CheckpointFolder(CheckpointsOf(folder), config.KeptCheckpoints);
        string? latest = _checkpoints.Latest;
        if (latest is not null && !resume)
        {
            throw new InvalidInputException($"{folder}: holds a run already ({Path.GetFileName(latest)}). Resume it, or choose another folder.");
        }

        _distiller = config.Distillation is { } distillation ? Distiller.Open(config, distillation, trained, cancellationToken) : null;
        _trainingTokens = RunTokens.Open(config.TrainingCorpora, config, folder, Tokenizer, progress, cancellationToken);
        _training = new PackedSequences(_trainingTokens, config.SequenceLength, (ulong)config.Seed, "training");
        if (config.ValidationCorpora.Length > 0)
        {
            _validationTokens = RunTokens.Open(config.ValidationCorpora, config, folder, Tokenizer, progress, cancellationToken);
            _validation = new PackedSequences(_validationTokens, config.SequenceLength, (ulong)config.Seed, "validation");
        }

        _distiller?.UseCorpus(_trainingTokens.Key, _training.Count);
        Model = trained.CreateModule(device);
        _optimizer = new AdamW(Model.Trained, config.Optimizer);
        trained.Start(Model, isResumed: latest is not null, () => _trainingTokens.CountIds(trained.Config.VocabularySize));
        _fingerprint = RunFingerprint.Of(config, Model, _trainingTokens.Key, _distiller?.Fingerprint);
        if (latest is null)
        {
            _distiller?.Initialize(Model);
            _state = new TrainingState(0, 0, 0);
        }
        else
        {
            _state = CheckpointFolder.Load(latest, _fingerprint, Model.Trained, _optimizer);
        }

        _state = _state with { Distillation = _state.Distillation ?? _distiller?.Start };
    }

    /// <summary>The model in its present state.</summary>
    public DecoderModule Model { get; }

    /// <summary>The tokenizer of the corpora, and of the exported model.</summary>
    public Tokenizer Tokenizer => _trained.Tokenizer;

    /// <summary>Optimizer steps done.</summary>
    public long Step => _state.Step;

    /// <summary>Prepares a run: locks the folder, tokenizes what is not cached, builds the model, restores the newest checkpoint.</summary>
    /// <param name="config">What to train.</param>
    /// <param name="folder">Folder of the run: metrics, checkpoints, token caches.</param>
    /// <param name="resume">Whether to go on where the folder's newest checkpoint is; a folder without one starts from the beginning.</param>
    /// <param name="progress">Observer of the tokenization.</param>
    /// <param name="cancellationToken">Stops the preparation.</param>
    /// <exception cref="InvalidInputException">Something that the configuration names is wrong, or the folder holds another run.</exception>
    public static Trainer Open(TrainingConfig config, string folder, bool resume, IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(config);
        ArgumentException.ThrowIfNullOrEmpty(folder);
        TrainingDevice device = TrainingDevice.Open(config.Device);
        TrainedModel trained = TrainedModel.Prepare(config);
        string path = Path.GetFullPath(folder);
        FileStream? folderLock = null;
        try
        {
            Directory.CreateDirectory(path);
            folderLock = new FileStream(Path.Combine(path, ".lock"), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new InvalidInputException($"{path}: the folder cannot be used: {error.Message} If another training runs there, wait for it or choose another folder.", error);
        }

        try
        {
            return new Trainer(config, path, trained, device, resume, folderLock, progress, cancellationToken);
        }
        catch
        {
            folderLock.Dispose();
            throw;
        }
    }

    /// <summary>Trains to the end of the run, or until cancelled, which writes a checkpoint after the step that is in progress.</summary>
    /// <param name="progress">Observer.</param>
    /// <param name="cancellationToken">Ends the run early, cleanly: it can be resumed.</param>
    /// <exception cref="InvalidInputException">The training diverged, or a checkpoint could not be written.</exception>
    public TrainingResult Run(IProgress<TrainingProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        using MetricsLog metrics = new(Path.Combine(_folder, "metrics.jsonl"), _state.Step);
        double secondsBefore = _state.Seconds;
        long start = Stopwatch.GetTimestamp();
        long lastSaved = _state.Step;
        MetricsWindow window = new();
        double crossEntropy = double.NaN;
        while (!IsOver(_state) && !cancellationToken.IsCancellationRequested)
        {
            if (!TryTeacher(metrics, window, progress, cancellationToken))
            {
                break;
            }

            long step = _state.Step + 1;
            double learningRate = LearningRateAt(step);
            double? teacherWeight = _state.Distillation is { } distillation ? _distiller?.WeightAt(step, distillation) : null;
            if (teacherWeight is null)
            {
                _distiller?.Dispose(); // The teacher's memory; the distiller has nothing else.
            }

            crossEntropy = RunStep(step, _state.Sequences, learningRate, teacherWeight.HasValue, window, out double norm);
            if (!double.IsFinite(norm))
            {
                throw new InvalidInputException(
                    $"The training diverged: the gradient of step {step} is not finite. The newest checkpoint is intact; resume from it with a lower learning rate ({learningRate.ToString("G3", CultureInfo.InvariantCulture)} now) or tighter clipping.");
            }

            _state = _state with { Step = step, Sequences = _state.Sequences + SequencesPerStep, Seconds = secondsBefore + Stopwatch.GetElapsedTime(start).TotalSeconds };

            if (step % _config.LogInterval == 0 || IsOver(_state))
            {
                TrainingProgress report = window.Close(Report("training") with { LearningRate = learningRate, GradientNorm = norm }, teacherWeight);
                metrics.WriteTraining(report);
                progress?.Report(report);
            }

            if (_config.EvaluationInterval > 0 && step % _config.EvaluationInterval == 0 && !IsOver(_state))
            {
                Evaluate(metrics, _config.EvaluationSequences, progress, cancellationToken);
                window.Restart();
            }

            if (step % _config.CheckpointInterval == 0)
            {
                Save(progress);
                lastSaved = step;
                window.Restart();
            }
        }

        if (lastSaved != _state.Step)
        {
            Save(progress);
        }

        bool over = IsOver(_state);
        if (over)
        {
            Evaluate(metrics, int.MaxValue, progress, cancellationToken);
        }

        return new TrainingResult(_state.Step, over, crossEntropy, over ? _lastEvaluation : null);
    }

    /// <summary>Writes the model as a Hugging Face folder, in F32, with its tokenizer; of a run that trains an adapter, the adapter's folder.</summary>
    /// <exception cref="InvalidInputException">The folder cannot be written, a weight is not finite, or there is an <see cref="ExportObstacle"/>.</exception>
    public void Export(string folder, CancellationToken cancellationToken = default) =>
        _trained.Export(Model, folder, _state.Distillation, cancellationToken);

    /// <summary>Why the trained model cannot be exported for the engine, or null when it can.</summary>
    public string? ExportObstacle => _trained.ExportObstacle;

    /// <summary>Frees the model and unlocks the folder.</summary>
    public void Dispose()
    {
        Model.Dispose();
        _distiller?.Dispose();
        _optimizer.Dispose();
        _trainingTokens.Dispose();
        _validationTokens?.Dispose();
        _lock.Dispose();
    }

    private long SequencesPerStep => (long)_config.BatchSize * _config.Accumulation;

    // Whether the teacher still helps, where that is to be found out: the steps up to the trial's end are made without the teacher and taken back,
    // then with it. False when cancelled: the trial is made again when the run goes on.
    private bool TryTeacher(MetricsLog metrics, MetricsWindow window, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken)
    {
        if (_distiller is null || _state.Distillation is not { } state)
        {
            return true;
        }

        if (state.TrialEnd == _state.Step && _state.Step > 0)
        {
            if (!Evaluate(metrics, _config.EvaluationSequences, progress, cancellationToken, state.CrossEntropyWithout))
            {
                return false;
            }

            state = state.Decide(_lastEvaluation!.CrossEntropy);
        }

        if (_distiller.TrialEndAfter(_state.Step, state) is { } end)
        {
            if (WithoutTeacher(end, cancellationToken) is not { } crossEntropy)
            {
                return false;
            }

            state = state.Open(_state.Step, end, crossEntropy);
        }

        if (state != _state.Distillation)
        {
            window.Restart();
            _state = _state with { Distillation = state };
        }

        return true;
    }

    // Held-out cross-entropy at a later step if the labels alone taught until then; null when cancelled.
    private double? WithoutTeacher(long end, CancellationToken cancellationToken)
    {
        using FlatSnapshot snapshot = new(Model.Trained, _optimizer);
        try
        {
            for (long step = _state.Step + 1; step <= end; step++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                RunStep(step, _state.Sequences + ((step - _state.Step - 1) * SequencesPerStep), LearningRateAt(step), distills: false, window: null, out double norm);
                if (!double.IsFinite(norm))
                {
                    return double.MaxValue;
                }
            }

            return Evaluator.Evaluate(Model, _validation!, _config, _config.EvaluationSequences, _config.Capacity ?? DefaultCapacity, cancellationToken).CrossEntropy;
        }
        catch (OperationCanceledException)
        {
            return null;
        }
        finally
        {
            snapshot.Restore();
        }
    }

    private double LearningRateAt(long step) =>
        _config.Schedule.At(step, Completed(step, _state.Seconds), Math.Min(1, (double)_config.Schedule.WarmupSteps / _config.Steps));

    private double RunStep(long step, long sequences, double learningRate, bool distills, MetricsWindow? window, out double norm)
    {
        Model.Trained.ZeroGradients();
        double crossEntropy = 0;
        LossWeights weights = new(_config.BalanceCoefficient, _config.RouterZCoefficient, 1.0 / _config.Accumulation);
        for (int i = 0; i < _config.Accumulation; i++)
        {
            using DisposeScope scope = NewDisposeScope();
            int[] indices = _training.Order(sequences + ((long)i * _config.BatchSize), _config.BatchSize);
            (Tensor tokens, Tensor labels) = _training.Read(indices);
            ulong seed = ((ulong)_config.Seed * SplitMix64.Gamma) ^ (((ulong)step << 16) + (ulong)i);
            ForwardPass pass = new(_config.Precision, _config.Capacity, seed, trackRouterLosses: true)
            {
                IsolatesDocuments = _config.IsolateDocuments,
                Progress = Math.Min(1, Completed(step, _state.Seconds)),
            };
            TrainingPassResult result = Model.ForwardBackward(tokens, labels, pass, weights, distills ? _distiller!.LossOf(tokens, indices, pass) : null);
            window?.Add(result, labels.shape[0]);
            crossEntropy += result.CrossEntropySum;
        }

        norm = _optimizer.Step(step, learningRate, _config.Threads);
        Model.AfterStep();
        window?.EndStep();
        return crossEntropy / _config.TokensPerStep;
    }

    private double Completed(long step, double seconds) =>
        Math.Max((double)step / _config.Steps, _config.TimeLimit is { } limit ? seconds / limit.TotalSeconds : 0);

    private bool IsOver(TrainingState state) => Completed(state.Step, state.Seconds) >= 1;

    private TrainingProgress Report(string stage) => new()
    {
        Stage = stage,
        Step = _state.Step,
        Steps = _config.Steps,
        Completed = Math.Min(1, Completed(_state.Step, _state.Seconds)),
        Tokens = _state.Step * _config.TokensPerStep,
        Elapsed = TimeSpan.FromSeconds(_state.Seconds),
        Validation = _lastEvaluation,
    };

    // False when cancelled: a partial evaluation says nothing.
    private bool Evaluate(MetricsLog metrics, int sequences, IProgress<TrainingProgress>? progress, CancellationToken cancellationToken, double? withoutTeacher = null)
    {
        if (_validation is null)
        {
            return true;
        }

        try
        {
            _lastEvaluation = Evaluator.Evaluate(Model, _validation, _config, sequences, _config.Capacity ?? DefaultCapacity, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            return false;
        }

        metrics.WriteEvaluation(_state.Step, _lastEvaluation, withoutTeacher);
        progress?.Report(Report("evaluating") with { CrossEntropyWithoutTeacher = withoutTeacher });
        return true;
    }

    private void Save(IProgress<TrainingProgress>? progress)
    {
        _checkpoints.Save(_state, _fingerprint, Model.Trained, _optimizer);
        progress?.Report(Report("checkpoint"));
    }

    /// <summary>Where a run keeps its checkpoints.</summary>
    internal static string CheckpointsOf(string folder) => Path.Combine(folder, "checkpoints");
}
