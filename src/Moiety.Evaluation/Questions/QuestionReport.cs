namespace Moiety.Evaluation.Questions;

/// <summary>Accuracy over questions of one kind, or of all.</summary>
/// <param name="Kind">The kind of question; <c>all</c> for the total.</param>
/// <param name="Chance">Accuracy of guessing among the choices.</param>
/// <param name="Choice">How often the most probable choice was right.</param>
/// <param name="FreeAnswer">How often the free answer was right, or null when none was asked for.</param>
public sealed record QuestionReport(string Kind, double Chance, Accuracy Choice, Accuracy? FreeAnswer)
{
    /// <summary>Sums up outcomes: the total first, then each kind in ordinal order.</summary>
    public static IReadOnlyList<QuestionReport> From(IReadOnlyList<QuestionOutcome> outcomes)
    {
        ArgumentNullException.ThrowIfNull(outcomes);
        return
        [
            Sum("all", outcomes),
            .. outcomes.GroupBy(outcome => outcome.Question.Kind)
                .OrderBy(group => group.Key, StringComparer.Ordinal)
                .Select(group => Sum(group.Key, [.. group])),
        ];
    }

    private static QuestionReport Sum(string kind, IReadOnlyList<QuestionOutcome> outcomes)
    {
        bool free = outcomes.Count > 0 && outcomes.All(outcome => outcome.FreeAnswer is not null);
        return new QuestionReport(
            kind,
            outcomes.Count == 0 ? 0 : outcomes.Average(outcome => 1.0 / outcome.Question.Choices.Count),
            new Accuracy(outcomes.Count(outcome => outcome.IsChoiceRight), outcomes.Count),
            free ? new Accuracy(outcomes.Count(outcome => outcome.IsFreeAnswerRight), outcomes.Count) : null);
    }
}
