using System.Collections.Immutable;
using System.Globalization;
using System.Text.Json.Nodes;
using Moiety.Data.Teachers;
using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Training.Configuration;
using Moiety.Training.Losses;
using Moiety.Training.Modules;
using static TorchSharp.torch;

namespace Moiety.Training.Distillation;

/// <summary>
/// The distillation of a run: checks that teacher and student fit, loads the teacher when the first step needs it, and frees it after the
/// last one that does. Optimizer and schedule know nothing of it.
/// </summary>
internal sealed class Distiller : IDisposable
{
    private readonly TrainingConfig _run;
    private readonly DistillationConfig _config;
    private readonly TrainedModel _student;
    private readonly string _teacherHash;
    private TeacherCacheDescription? _answers;
    private ITeacher? _teacher;

    private Distiller(TrainingConfig run, DistillationConfig config, TrainedModel student, string teacherHash)
    {
        _run = run;
        _config = config;
        _student = student;
        _teacherHash = teacherHash;
    }

    /// <summary>Where the distillation of a new run is.</summary>
    internal DistillationState Start => new(_teacherHash);

    /// <summary>What a resumed run must share, as a value of the fingerprint.</summary>
    internal string Fingerprint
    {
        get
        {
            string answers = _config.CacheFolder is null ? "" : string.Create(CultureInfo.InvariantCulture, $" top {_config.Top}");
            return string.Create(
                CultureInfo.InvariantCulture, $"teacher {_teacherHash} weight {_config.Weight} temperature {_config.Temperature} stop {_config.StopStep} from {_config.Initialization}{answers}");
        }
    }

    /// <summary>Whether the teacher is in memory.</summary>
    internal bool IsTeacherLoaded => _teacher is not null;

    // A quarter of the way to the next evaluation: long enough to tell, and at most a quarter more steps.
    private int TrialLength => Math.Max(1, _run.EvaluationInterval / 4);

    /// <summary>Checks what can be checked before any work.</summary>
    /// <param name="run">The run.</param>
    /// <param name="config">Its distillation.</param>
    /// <param name="student">The student.</param>
    /// <param name="cancellationToken">Stops the reading of the teacher's weights.</param>
    /// <exception cref="InvalidInputException">The teacher cannot be read or does not fit; the message says what to do.</exception>
    internal static Distiller Open(TrainingConfig run, DistillationConfig config, TrainedModel student, CancellationToken cancellationToken)
    {
        CheckStopStep(run, config.StopStep);
        using Checkpoint teacher = Checkpoint.Open(config.TeacherPath);
        if (config.CacheFolder is null && UntrainedFeatures.Of(teacher.Config).FirstOrDefault() is { } feature)
        {
            throw new InvalidInputException($"{config.TeacherPath}: the trainer does not compute {feature}, which this teacher has; let the engine answer beforehand, with --teacher-cache FOLDER (distillation.cache).");
        }

        VocabularyMatch.Require(teacher, student);
        if (teacher.Config.ContextLength < run.SequenceLength)
        {
            throw new InvalidInputException($"{config.TeacherPath}: the teacher reads {teacher.Config.ContextLength} tokens, the run's sequences have {run.SequenceLength}; give a smaller training.sequence_length.");
        }

        return student.Tokenizer.EosTokenIds.IsEmpty
            ? throw new InvalidInputException("The tokenizer has no end-of-text token, which separates documents; train it with <|endoftext|> among its special tokens.")
            : new Distiller(run, config, student, CheckpointHash.Of(teacher, cancellationToken));
    }

    /// <summary>Gives a student of the teacher's layers the teacher's weights, where the configuration says so.</summary>
    internal void Initialize(DecoderModule student)
    {
        if (_config.Initialization == StudentInitialization.Teacher)
        {
            using Checkpoint teacher = Checkpoint.Open(_config.TeacherPath);
            ImmutableArray<int> kept = DepthReduction.KeptLayers(teacher.Config, student.Config.LayerCount);
            TorchCheckpointLoader.Fill(student, teacher, name => DepthReduction.TeacherName(name, kept));
        }
    }

    /// <summary>Says what corpus the teacher is to answer about; looks for its answers where they were made beforehand.</summary>
    /// <exception cref="InvalidInputException">The answers are not there, or damaged.</exception>
    internal void UseCorpus(string tokens, int sequences)
    {
        if (_config.CacheFolder is { } folder)
        {
            _answers = AnswersOf.Describe(_run, _config, _student, _teacherHash, tokens, sequences);
            TeacherCache.Open(folder, _answers).Dispose();
        }
    }

    /// <summary>Weight of the teacher in a step; null when the step does not listen to it.</summary>
    internal double? WeightAt(long step, DistillationState state) => step > _config.StopStep.Fixed || step > state.StoppedAfter ? null : _config.Weight;

    /// <summary>The end of the trial that starts after a step: does the run do better without its teacher from here on? Null for none.</summary>
    internal long? TrialEndAfter(long step, DistillationState state)
    {
        bool due = _config.StopStep.IsAuto && state.StoppedAfter is null && state.TrialEnd == 0 && state.TrialStart < step && step % _run.EvaluationInterval == 0;
        return due && step + TrialLength < _run.Steps ? step + TrialLength : null;
    }

    /// <summary>The loss of a micro-batch with the teacher.</summary>
    /// <param name="tokens">[batch, length], int64.</param>
    /// <param name="sequences">Numbers of the sequences in the order of the corpus.</param>
    /// <param name="pass">The student's pass.</param>
    internal IHeadLoss LossOf(Tensor tokens, IReadOnlyList<int> sequences, ForwardPass pass)
    {
        _teacher ??= Load();
        return _teacher.LossOf(tokens, sequences, pass);
    }

    /// <summary>What the exported model says about its teacher.</summary>
    /// <param name="config">The distillation.</param>
    /// <param name="state">Where it is.</param>
    internal static JsonObject Provenance(DistillationConfig config, DistillationState state) => new()
    {
        ["teacher"] = new JsonObject { ["hash"] = state.Teacher },
        ["kd"] = new JsonObject
        {
            ["weight"] = config.Weight,
            ["temperature"] = config.Temperature,
            ["stop_step"] = config.StopStep.Fixed ?? state.StoppedAfter,
            ["student_layers"] = config.StudentLayers > 0 ? config.StudentLayers : null,
            ["top"] = config.CacheFolder is null ? null : config.Top,
        },
    };

    /// <summary>Frees the teacher.</summary>
    public void Dispose()
    {
        _teacher?.Dispose();
        _teacher = null;
    }

    private static void CheckStopStep(TrainingConfig run, StopStep stop)
    {
        if (stop.Fixed > run.Steps)
        {
            throw new InvalidInputException($"distillation.stop_step: {stop} is beyond the run's {run.Steps} steps; give a smaller one, or \"never\".");
        }

        if (stop.IsAuto && (run.ValidationCorpora.IsEmpty || run.EvaluationInterval == 0))
        {
            throw new InvalidInputException("distillation.stop_step: \"auto\" looks at held-out text during the run; give data.validation, and an intervals.evaluation above 0.");
        }
    }

    private ITeacher Load()
    {
        if (_answers is not null)
        {
            return new CachedTeacher(_answers, _config);
        }

        using Checkpoint checkpoint = Checkpoint.Open(_config.TeacherPath);
        return new ModuleTeacher(checkpoint, _config, _student.Config.EosTokenIds[0], TrainingDevice.Open(_run.Device));
    }
}
