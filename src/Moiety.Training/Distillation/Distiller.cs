using System.Collections.Immutable;
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
    private readonly DistillationConfig _config;
    private readonly int _separator;
    private ITeacher? _teacher;

    private Distiller(DistillationConfig config, string teacherHash, int separator)
    {
        _config = config;
        _separator = separator;
        TeacherHash = teacherHash;
    }

    /// <summary><see cref="CheckpointHash"/> of the teacher.</summary>
    internal string TeacherHash { get; }

    /// <summary>What a resumed run must share, as a value of the fingerprint.</summary>
    internal string Fingerprint =>
        FormattableString.Invariant($"teacher {TeacherHash} weight {_config.Weight} temperature {_config.Temperature} stop {_config.StopStep} from {_config.Initialization}");

    /// <summary>Whether the teacher is in memory.</summary>
    internal bool IsTeacherLoaded => _teacher is not null;

    /// <summary>Checks what can be checked before any work.</summary>
    /// <param name="run">The run.</param>
    /// <param name="config">Its distillation.</param>
    /// <param name="student">The student.</param>
    /// <param name="cancellationToken">Stops the reading of the teacher's weights.</param>
    /// <exception cref="InvalidInputException">The teacher cannot be read or does not fit; the message says what to do.</exception>
    internal static Distiller Open(TrainingConfig run, DistillationConfig config, TrainedModel student, CancellationToken cancellationToken)
    {
        if (config.StopStep.Fixed > run.Steps)
        {
            throw new InvalidInputException($"distillation.stop_step: {config.StopStep} is beyond the run's {run.Steps} steps; give a smaller one, or \"never\".");
        }

        using Checkpoint teacher = Checkpoint.Open(config.TeacherPath);
        if (UntrainedFeatures.Of(teacher.Config).FirstOrDefault() is { } feature)
        {
            throw new InvalidInputException($"{config.TeacherPath}: the trainer does not compute {feature}, which this teacher has.");
        }

        VocabularyMatch.Require(teacher, student);
        if (teacher.Config.ContextLength < run.SequenceLength)
        {
            throw new InvalidInputException($"{config.TeacherPath}: the teacher reads {teacher.Config.ContextLength} tokens, the run's sequences have {run.SequenceLength}; give a smaller training.sequence_length.");
        }

        if (student.Tokenizer.EosTokenIds.IsEmpty)
        {
            throw new InvalidInputException("The tokenizer has no end-of-text token, which separates documents.");
        }

        return new Distiller(config, CheckpointHash.Of(teacher, cancellationToken), student.Tokenizer.EosTokenIds[0]);
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

    /// <summary>Weight of the teacher in a step; null when the step does not listen to it.</summary>
    internal double? WeightAt(long step) => step > _config.StopStep.Fixed ? null : _config.Weight;

    /// <summary>The loss of a micro-batch of a step.</summary>
    /// <param name="step">Number of the step, from 1.</param>
    /// <param name="tokens">[batch, length], int64.</param>
    /// <param name="pass">The student's pass.</param>
    internal IHeadLoss LossOf(long step, Tensor tokens, ForwardPass pass)
    {
        if (WeightAt(step) is not null)
        {
            _teacher ??= Load();
            return _teacher.LossOf(tokens, pass);
        }

        Dispose();
        return LabelLoss.Instance;
    }

    /// <summary>Frees the teacher.</summary>
    public void Dispose()
    {
        _teacher?.Dispose();
        _teacher = null;
    }

    private ModuleTeacher Load()
    {
        using Checkpoint checkpoint = Checkpoint.Open(_config.TeacherPath);
        return new ModuleTeacher(checkpoint, _config, _separator);
    }
}
