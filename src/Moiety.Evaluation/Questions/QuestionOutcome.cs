using Moiety.Data.Corpora;

namespace Moiety.Evaluation.Questions;

/// <summary>How a model answered one question.</summary>
/// <param name="Question">The question.</param>
/// <param name="Chosen">The choice that the model finds most probable.</param>
/// <param name="FreeAnswer">What it answered freely, or null when it was not asked to.</param>
public sealed record QuestionOutcome(EvaluationQuestion Question, string Chosen, string? FreeAnswer)
{
    /// <summary>Whether the most probable choice is the right answer.</summary>
    public bool IsChoiceRight => Chosen == Question.Answer;

    /// <summary>Whether the free answer is the right one, apart from space and a full stop at its ends.</summary>
    public bool IsFreeAnswerRight => FreeAnswer is { } answer && Trim(answer) == Trim(Question.Answer);

    private static string Trim(string text) => text.Trim().TrimEnd('.').TrimEnd();
}
