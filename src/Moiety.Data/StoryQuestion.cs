namespace Moiety.Data;

/// <summary>A question about a document whose answer follows from its events.</summary>
/// <param name="Question">The question as the text asks it.</param>
/// <param name="Answer">The right answer, as the text gives it after <c>Answer: </c>.</param>
/// <param name="Kind">What is asked for, e.g. <c>who-has</c>, <c>how-many</c>, <c>why</c>.</param>
/// <param name="Choices">The right answer among plausible wrong ones, in random order; one over their count is the chance level.</param>
public sealed record StoryQuestion(string Question, string Answer, string Kind, IReadOnlyList<string> Choices);
