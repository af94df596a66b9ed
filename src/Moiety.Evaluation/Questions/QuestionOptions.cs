namespace Moiety.Evaluation.Questions;

/// <summary>How questions are put to a model.</summary>
public sealed record QuestionOptions
{
    /// <summary>Whether the model also answers freely (greedy), which is compared with the right answer.</summary>
    public bool FreeAnswers { get; init; } = true;

    /// <summary>Most tokens of a free answer.</summary>
    public int MaxAnswerTokens { get; init; } = 24;
}
