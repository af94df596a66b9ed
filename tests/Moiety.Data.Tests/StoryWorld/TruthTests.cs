namespace Moiety.Data.Tests.StoryWorld;

/// <summary>The answers follow from the events, and the events from each other.</summary>
public sealed class TruthTests
{
    [Fact]
    public void Every_answer_follows_from_the_events_and_is_the_only_one()
    {
        int checkedQuestions = 0;
        HashSet<string> kinds = [];
        foreach (StoryDocument document in Corpora.Mixed.Concat(Corpora.OfKind("qa", 4000, seed: 12)))
        {
            Replay replay = document.Kind is "toy-language" or "arithmetic" ? new Replay([]) : new Replay(document.Events);
            foreach (StoryQuestion question in document.Questions.Where(question => !question.Kind.StartsWith("translate", StringComparison.Ordinal)))
            {
                string[] answers = Answers.To(question.Question, document, replay);
                Assert.True(answers is [string only] && only == question.Answer, $"{document.Id}: {question.Question} gives {question.Answer}, the events give {string.Join(" or ", answers)}\n{document.Text}");
                checkedQuestions++;
                kinds.Add(question.Kind);
            }
        }

        Assert.True(checkedQuestions > 15_000, $"only {checkedQuestions} questions");
        Assert.True(kinds.Count >= 20, string.Join(", ", kinds));
    }

    [Fact]
    public void A_question_has_its_answer_once_among_distinct_choices_and_stands_in_the_text()
    {
        foreach (StoryDocument document in Corpora.Mixed)
        {
            foreach (StoryQuestion question in document.Questions)
            {
                Assert.Single(question.Choices, choice => choice == question.Answer);
                Assert.Equal(question.Choices.Count, question.Choices.Distinct().Count());
                Assert.InRange(question.Choices.Count, 2, 4);
                Assert.Contains($"Question: {question.Question}\nAnswer: {question.Answer}", document.Text, StringComparison.Ordinal);
            }
        }
    }

    [Fact]
    public void The_place_of_the_answer_among_the_choices_says_nothing()
    {
        StoryQuestion[] questions = [.. Corpora.Mixed.SelectMany(document => document.Questions).Where(question => question.Choices.Count == 4)];

        int[] places = [.. Enumerable.Range(0, 4).Select(place => questions.Count(question => question.Choices[place] == question.Answer))];

        double expected = questions.Length / 4.0;
        double bound = 4.5 * Math.Sqrt(expected * 0.75);
        Assert.All(places, count => Assert.InRange(count, expected - bound, expected + bound));
    }

    [Fact]
    public void Yes_is_not_the_answer_to_everything()
    {
        StoryQuestion[] questions = [.. Corpora.Mixed.SelectMany(document => document.Questions).Where(question => question.Kind == "yes-no")];

        Assert.InRange(questions.Count(question => question.Answer == "Yes") / (double)questions.Length, 0.4, 0.65);
    }
}
