using Moiety.Models;
using Moiety.Models.Checkpoints;
using Moiety.Models.Tokenizers;

namespace Moiety.Training.Distillation;

/// <summary>
/// Whether teacher and student speak of the same tokens: every id stands for the same bytes in both. How text is cut into tokens does not
/// matter, the student's tokenizer does that for both. A teacher's rows beyond its tokenizer (padding to a round number) are left out.
/// </summary>
internal static class VocabularyMatch
{
    /// <summary>Compares a teacher with the student of a run.</summary>
    /// <exception cref="InvalidInputException">The teacher has no tokenizer, or another vocabulary; the message names the first difference.</exception>
    internal static void Require(Checkpoint teacher, TrainedModel student)
    {
        Tokenizer tokenizer = student.Tokenizer;
        Tokenizer own = teacher.Tokenizer
            ?? throw new InvalidInputException($"{teacher.Path}: the teacher has no tokenizer, so that its vocabulary cannot be compared with the run's; put its tokenizer.json beside it.");
        if (own.VocabularySize != tokenizer.VocabularySize)
        {
            throw Differs(teacher, $"it has {own.VocabularySize} tokens, the run's tokenizer {tokenizer.VocabularySize}");
        }

        if (teacher.Config.VocabularySize < student.Config.VocabularySize)
        {
            throw Differs(teacher, $"its model has {teacher.Config.VocabularySize} tokens, the student {student.Config.VocabularySize}");
        }

        for (int id = 0; id < tokenizer.VocabularySize; id++)
        {
            if (own.IsSpecial(id) != tokenizer.IsSpecial(id) || own.GetPiece(id) != tokenizer.GetPiece(id))
            {
                throw Differs(teacher, $"token {id} is \"{own.GetPiece(id)}\" there and \"{tokenizer.GetPiece(id)}\" in the run's tokenizer");
            }
        }
    }

    private static InvalidInputException Differs(Checkpoint teacher, string difference) =>
        new($"{teacher.Path}: the teacher has another vocabulary than the student: {difference}. Train the student with the teacher's tokenizer (data.tokenizer).");
}
