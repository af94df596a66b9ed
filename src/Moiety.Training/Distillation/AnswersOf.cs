using Moiety.Data.Teachers;
using Moiety.Training.Configuration;

namespace Moiety.Training.Distillation;

/// <summary>What the answers of a run's teacher depend on: writer and reader agree on their file through it.</summary>
internal static class AnswersOf
{
    /// <summary>Describes the answers that a run needs.</summary>
    internal static TeacherCacheDescription Describe(TrainingConfig config, DistillationConfig distillation, TrainedModel student, string teacherHash, string tokens, int sequences) => new(
        teacherHash,
        tokens,
        config.SequenceLength,
        sequences,
        student.Config.VocabularySize,
        Math.Min(distillation.Top, student.Config.VocabularySize),
        distillation.Temperature,
        config.IsolateDocuments ? student.Config.EosTokenIds[0] : null);
}
