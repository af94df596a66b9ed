using Moiety.Data.Corpora;
using Moiety.Decoding;
using Moiety.Evaluation.Questions;
using Moiety.Inference;
using Moiety.Models.Tokenizers;

namespace Moiety.Evaluation.Tests;

/// <summary>Answers are counted as they are, against chance, with an interval.</summary>
public class QuestionTests
{
    // Published values of the Wilson interval (Newcombe, Statistics in Medicine 17, 1998, table I: method 3).
    [Theory]
    [InlineData(81, 263, 0.2553, 0.3662)]
    [InlineData(15, 148, 0.0624, 0.1605)]
    [InlineData(0, 20, 0.0000, 0.1611)]
    [InlineData(1, 29, 0.0061, 0.1718)]
    public void The_interval_is_Wilsons(int right, int count, double low, double high)
    {
        Accuracy accuracy = new(right, count);
        Assert.Equal(low, accuracy.Low, 5e-5);
        Assert.Equal(high, accuracy.High, 5e-5);
    }

    [Fact]
    public void A_report_counts_all_and_each_kind_against_chance()
    {
        QuestionOutcome[] outcomes =
        [
            new(Question("where", "lake", "lake", "park"), "lake", "lake."),
            new(Question("where", "park", "lake", "park"), "lake", " park"),
            new(Question("who", "Mia", "Mia", "Tom", "Ada", "Ben"), "Mia", "Tom"),
        ];
        IReadOnlyList<QuestionReport> reports = QuestionReport.From(outcomes);
        Assert.Equal(["all", "where", "who"], reports.Select(report => report.Kind));
        Assert.Equal((0.5 + 0.5 + 0.25) / 3, reports[0].Chance, 1e-12);
        Assert.Equal(new Accuracy(2, 3), reports[0].Choice);
        Assert.Equal(new Accuracy(2, 3), reports[0].FreeAnswer);
        Assert.Equal(new Accuracy(1, 2), reports[1].Choice);
    }

    [Fact]
    public void The_chosen_answer_is_the_one_with_the_most_probable_tokens_and_the_free_one_is_greedy()
    {
        ByteLevelBpeTokenizer tokenizer = BpeTrainer.Train(["Mia has a red kite. Tom has a blue kite."], new BpeTrainerOptions { VocabularySize = 280 });
        using RandomCheckpoint checkpoint = new(SmallModels.Dense with { VocabularySize = tokenizer.VocabularySize }, seed: 8);
        using Engine engine = Engine.Open(checkpoint);
        EvaluationQuestion[] questions = [.. Enumerable.Range(0, 10).Select(index =>
        {
            // One letter each, another set for every question.
            string[] choices = [.. Enumerable.Range(0, 4).Select(choice => $"{(char)('a' + (((index * 7) + (choice * 5)) % 26))}")];
            return Question("which", choices[0], choices) with { Prompt = $"Story {index}. Which?\nAnswer:" };
        })];
        IReadOnlyList<QuestionOutcome> outcomes = new QuestionEvaluator(engine, tokenizer, new QuestionOptions { MaxAnswerTokens = 6 }).Evaluate(questions);
        for (int index = 0; index < questions.Length; index++)
        {
            string prompt = questions[index].Prompt;
            string best = questions[index].Choices.MaxBy(choice =>
            {
                int[] tokens = tokenizer.Encode($"{prompt} {choice}");
                int given = tokenizer.Encode(prompt).Length;
                return new Scoring.SequenceScorer(engine).Score([new Scoring.ScoredSequence(tokens, given)])[0].Sum();
            })!;
            Assert.Equal(best, outcomes[index].Chosen);
            Assert.Equal(
                new TextGenerator(engine, tokenizer).Generate(prompt, new GenerationOptions { MaxTokens = 6, StopStrings = ["\n"] }).Text,
                outcomes[index].FreeAnswer);
        }

        Assert.True(outcomes.Select(outcome => outcome.IsChoiceRight).Distinct().Count() > 1, "some first choices should win and some not");
    }

    private static EvaluationQuestion Question(string kind, string answer, params string[] choices) =>
        new("1", kind, "Answer:", "Who?", answer, choices);
}
