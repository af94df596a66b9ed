namespace Moiety.Data.Corpora;

/// <summary>A question with its known answer, as an evaluation puts it to a model.</summary>
/// <param name="DocumentId">The <c>id</c> of the document that asks it.</param>
/// <param name="Kind">What is asked for, e.g. <c>who-has</c>.</param>
/// <param name="Prompt">The document's text up to and with the question's <c>Answer:</c>; the model goes on from here with a space and the answer.</param>
/// <param name="Question">The question alone.</param>
/// <param name="Answer">The right answer.</param>
/// <param name="Choices">Plausible answers, the right one among them, in an order that says nothing.</param>
public sealed record EvaluationQuestion(
    string DocumentId, string Kind, string Prompt, string Question, string Answer, IReadOnlyList<string> Choices);
