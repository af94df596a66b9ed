using System.Text;
using Moiety.Data.Corpora;
using Moiety.Models;

namespace Moiety.Data.Tests.Corpora;

/// <summary>Questions as an evaluation reads them.</summary>
public sealed class QuestionSetTests
{
    [Fact]
    public void A_generated_corpus_gives_every_question_with_a_prompt_that_the_text_goes_on_from_with_the_answer()
    {
        using TemporaryFolder folder = new();
        string file = folder["corpus.jsonl"];
        StoryWorldGenerator generator = new(new StoryWorldOptions { Documents = 600, Seed = 3, Threads = 1 });
        generator.Write(file);
        StoryDocument[] documents = [.. generator.Generate()];

        EvaluationQuestion[] questions = [.. QuestionSet.Open(file).Read()];

        Assert.Equal(documents.SelectMany(document => document.Questions.Select(question => question.Question)), questions.Select(question => question.Question));
        Dictionary<string, string> texts = documents.ToDictionary(document => document.Id, document => document.Text);
        Assert.All(questions, question => Assert.StartsWith($"{question.Prompt} {question.Answer}", texts[question.DocumentId], StringComparison.Ordinal));
        Assert.All(questions, question => Assert.Contains(question.Answer, question.Choices));
    }

    [Theory]
    [InlineData("{\"id\":\"1\",\"text\":\"Question: A?\\nAnswer: B\",\"questions\":5}", "not an array")]
    [InlineData("{\"id\":\"1\",\"text\":\"Question: A?\\nAnswer: B\",\"questions\":[5]}", "not an object")]
    [InlineData("{\"id\":\"1\",\"text\":\"Question: A?\\nAnswer: B\",\"questions\":[{\"question\":\"A?\"}]}", "\"answer\"")]
    [InlineData("{\"id\":\"1\",\"text\":\"Question: A?\\nAnswer: B\",\"questions\":[{\"question\":\"A?\",\"answer\":\"B\",\"kind\":\"k\",\"choices\":[\"C\"]}]}", "do not hold its answer")]
    [InlineData("{\"id\":\"1\",\"text\":\"Nothing\",\"questions\":[{\"question\":\"A?\",\"answer\":\"B\",\"kind\":\"k\",\"choices\":[\"B\"]}]}", "does not ask")]
    [InlineData("{\"text\":\"Nothing\",\"questions\":[]}", "\"id\"")]
    public void A_malformed_question_is_named(string line, string what)
    {
        using TemporaryFolder folder = new();
        string file = folder.Write("a.jsonl", Encoding.UTF8.GetBytes(line));

        InvalidInputException error = Assert.Throws<InvalidInputException>(() => QuestionSet.Open(file).Read().Count());

        Assert.Contains($"{file}, line 1: ", error.Message, StringComparison.Ordinal);
        Assert.Contains(what, error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Questions_are_read_from_json_lines_only() =>
        Assert.Contains("a.txt", Assert.Throws<InvalidInputException>(() => QuestionSet.Open("a.txt")).Message, StringComparison.Ordinal);
}
